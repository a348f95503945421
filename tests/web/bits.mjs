// node bits.mjs FOLDER [WASM] < lines of JSON: for each layer, as a page holds it, what the page's own modules make of
// it: the output and the gradients, as bytes in hexadecimal. WASM is the reference as WebAssembly, which then computes.
import fs from "node:fs";
import readline from "node:readline";

const { Layer } = await import(`${process.argv[2]}/layer.mjs`);
const { Gradients } = await import(`${process.argv[2]}/gradients.mjs`);
const { useEngine } = await import(`${process.argv[2]}/engine.mjs`);
const { wasmEngine } = await import(`${process.argv[2]}/wasm.mjs`);
if (process.argv[3]) useEngine(await wasmEngine(fs.readFileSync(process.argv[3])));

const hex = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex");

for await (const line of readline.createInterface({ input: process.stdin })) {
  const layer = new Layer(JSON.parse(line));
  const { height, width } = layer.geometry;
  const gradients = new Gradients(layer);
  const numbers = Array.from({ length: layer.images }, (_, n) => n);
  const outputs = Array.from({ length: layer.outputs }, (_, o) => o);
  const grad = layer.hasGrad ? "given" : "output";
  const { weightsGrad, biasGrad } = gradients.whole(grad);
  const result = {
    planes: numbers.map((n) => outputs.map((o) => hex(layer.plane(n, o)))),
    inputGrad: numbers.map((n) => hex(gradients.upTo(n, height.output * width.output, grad).inputGrad)),
  };
  if (layer.isConv) Object.assign(result, { weightsGrad: hex(weightsGrad), biasGrad: hex(biasGrad) });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
