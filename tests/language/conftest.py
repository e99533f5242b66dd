"""What needs a folder of real appeals is collected only where there is one."""

import os

collect_ignore = [] if os.environ.get("KVARTAL_APPEALS") else ["test_real_appeals.py"]
