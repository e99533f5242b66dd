"""What devices say, in a form that cannot command the terminal on which it is shown."""


def plain(line: str) -> str:
    r"""Give a line in which every sign that is not printed stands as its code, as \x1b."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)
