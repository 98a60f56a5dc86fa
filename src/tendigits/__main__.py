"""Makes `python -m tendigits` the same as `tendigits`."""

from tendigits.cli import main

main()
