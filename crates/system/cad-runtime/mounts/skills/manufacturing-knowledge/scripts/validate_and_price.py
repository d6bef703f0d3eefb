"""The other name of `validate_costing_and_price.py`."""

import sys

from shared.costing_report import main

sys.exit(main(sys.argv[1:]))
