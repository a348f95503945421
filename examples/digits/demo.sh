#!/bin/sh
# demo.sh DIRECTORY: trains a network on scikit-learn's handwritten digits, by the programs digits and convstep (found on PATH).
# Leaves the digits, the weights, and figure.png (the loss of each epoch, the mistakes, the first layer's filters) in DIRECTORY.
# $PYTHON must have NumPy and scikit-learn (its file of digits: nothing of it is imported).
set -eu
directory=${1:?"usage: demo.sh DIRECTORY"}
python=${PYTHON:-python3}
mkdir -p "$directory"

echo
echo "A network learns digits"
"$python" "$(dirname "$0")/data.py" "$directory/digits.npz"
digits "$directory"
convstep draw --filters "$directory/loss.npy" "$directory/confusion.npy" "$directory/weights.npz:conv1.W" -o "$directory/figure.png"
echo "See $directory/figure.png: how the loss falls, which digit (row) was taken for which (column), the filters of the first layer."
