"""The shapes of what goes into the network and comes out of it, for those who need to know nothing else of it."""

IMAGE_SIZE = 28
INPUT_SIZE = IMAGE_SIZE * IMAGE_SIZE
CLASSES = 10
