#!/bin/sh
# photo_demo.sh DIRECTORY: the notebook replayed, then a photograph through a convolution layer, ReLU and max pooling, all by the
# convstep command (found on PATH). Leaves every stage, and figure.png that shows them together, in DIRECTORY.
# $PYTHON must have NumPy and scikit-image (its files: nothing of it is imported), whose astronaut (NASA, public domain) is the photograph.
set -eu
directory=${1:?"usage: photo_demo.sh DIRECTORY"}
python=${PYTHON:-python3}
examples=$(dirname "$0")
mkdir -p "$directory"

convstep tutorial --pictures "$directory/tutorial"

echo
echo "A photograph through a layer"
photo=$("$python" -c 'import importlib.util as u; print(u.find_spec("skimage").submodule_search_locations[0])')/data/astronaut.png
cp "$photo" "$directory/photo.png"
"$python" "$examples/filters.py" "$directory/filters.npy"
convstep conv "$directory/photo.png" "$directory/filters.npy" --padding same_upper -o "$directory/conv.npy"
convstep conv "$directory/photo.png" "$directory/filters.npy" --padding same_upper --activation relu -o "$directory/relu.npy"
convstep pool "$directory/relu.npy" --window 4 --stride 4 -o "$directory/max_pool.npy"
convstep draw "$directory/photo.png" "$directory/conv.npy" "$directory/relu.npy" "$directory/max_pool.npy" \
  --names "blur,sharpen,vertical edges,horizontal edges,outlines,emboss" -o "$directory/figure.png"
echo "See $directory/figure.png, and the notebook's own pictures in $directory/tutorial."
