"""Run the command line as `python -m dropout_mnist`."""

import sys

from dropout_mnist.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
