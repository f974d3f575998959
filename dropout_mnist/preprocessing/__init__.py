"""Turn drawings, pictures and arrays into the 28 x 28 pixels that the network reads."""
