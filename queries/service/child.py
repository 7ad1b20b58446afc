"""A command of the console script as a child process: `python -m queries.service.child WORDS`.

It ends when its parent does, however that ends: the parent holds the other end of its standard input.
"""

import os
import signal
import sys
import threading
import time

from queries.cli import main

# Longer than a command takes to end by itself; a second later the parent would kill it.
PATIENCE_SECONDS = 9.5


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # nobody writes: this returns when the parent is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.exit(main(sys.argv[1:]))
