// What the page says of a layer: its title, what happens, where a picture comes from.

const WAY_BACK = "The same window runs the other way: the gradient of an output";

export function titleOf(layer, isBackward) {
  const pooling = layer.mode === "max" ? "Max pooling" : "Average pooling";
  return `${layer.isConv ? "Convolution" : pooling}, ${isBackward ? "backward" : "forward"}`;
}

export function leadOf({ isConv, mode }, isBackward) {
  if (isConv && isBackward) {
    return (
      `${WAY_BACK} goes back to every number it was made of, times what that number was multiplied by. ` +
      "Where windows overlap, it adds up."
    );
  }
  if (isConv) {
    return (
      "A window slides over the image. Under it every number is multiplied by a weight; the sum of the products, " +
      "plus the bias, is one output. Each filter makes one channel of them."
    );
  }
  if (isBackward && mode === "max") {
    return `${WAY_BACK} goes back to the largest number under the window alone, since no other one changed the output.`;
  }
  if (isBackward) return `${WAY_BACK} is spread evenly over the numbers that it was the mean of.`;
  const kept = mode === "max" ? "largest" : "mean";
  return (
    `A window slides over each channel by itself, and of the numbers under it the ${kept} is kept. ` +
    "There are no weights to learn."
  );
}

export function noteOf({ scaledFrom, input }) {
  if (!scaledFrom) return "";
  const [height, width] = scaledFrom;
  const [, H, W] = input.shape;
  return `The picture, ${width} × ${height} pixels, was scaled to ${W} × ${H} for this page.`;
}
