"""``python -m rbrctl``: the same as the console script."""

import sys

from rbrctl.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
