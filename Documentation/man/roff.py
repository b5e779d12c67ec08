"""Text as mdoc(7): escaped characters, and macros for options and references to other pages."""
import re
import textwrap

# Stand for font changes and a fixed blank in text that is not escaped yet.
BOLD, ITALIC, ROMAN, BLANK = "\ue000", "\ue001", "\ue002", "\ue003"
ESCAPES = {
    "\\": r"\e", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", BOLD: r"\fB", ITALIC: r"\fI", ROMAN: r"\fR",
    BLANK: r"\~",
}


def escaped(text, hyphens=False):
    """Text for roff. Hyphens of options, names and examples are ASCII characters that a reader can copy."""
    escapes = {**ESCAPES, "-": r"\-"} if hyphens else ESCAPES
    text = "".join(escapes.get(c) or (c if ord(c) < 128 else f"\\[u{ord(c):04X}]") for c in text)
    return r"\&" + text if text.startswith(".") else text


def argument(word):
    """A word as an argument of a macro, where short words are macros too."""
    word = escaped(word).replace('"', r"\(dq")
    return r"\&" + word if re.fullmatch(r"[A-Z%][A-Za-z0-9]{1,2}|[.,:;()\[\]?!|]", word) else word


def marked(text):
    """The lines of a text of the help, with its options and references to other pages as macros."""
    lines, plain = [], []

    def flush():
        lines.extend(textwrap.wrap(" ".join(plain), 78, break_long_words=False, break_on_hyphens=False))
        plain.clear()

    # 'shmtool create' and 'shmtool help create' are pages as well.
    text = re.sub(r"'shmtool (?:help )?([a-z]+)'", r"shmtool-\1(1)", text)
    for word in text.split():
        parts = re.fullmatch(r"([(\"']*)(--?[a-zA-Z][\w-]*(?:=[\w-]+)?|[\w.-]+\([1-8]\))(\W*)", word)
        if parts:
            before, name, after = parts.groups()
            page = re.fullmatch(r"(.+)\((\d)\)", name)
            macro = f"Xr {page[1]} {page[2]}" if page else f"Fl {name[1:]}"
            flush()
            quote, punctuation = re.fullmatch(r"(.*?)([.,:;)?!]*)", after).groups()
            lines.append((f".Pf {escaped(before)} " if before else ".") + macro
                         + (f" Ns No {argument(quote)}" if quote else "") + "".join(f" {c}" for c in punctuation))
            continue
        is_name = re.match(r"\W*-", word) or re.search("[/.']", word[:-1])
        # A line must not end with a question mark that does not end a sentence, and a sentence ends a line.
        plain.append(escaped(word, hyphens=bool(is_name)) + (r"\&" if re.fullmatch("[.?!]", word) else ""))
        if re.search(rf"[\w{ROMAN}][.?!][)\"']*$", word):
            flush()
    flush()
    return lines


def tagged(rows, macro, width="Ds"):
    """A list of terms with their descriptions."""
    lines = [f".Bl -tag -width {width}"]
    for term, text in rows:
        lines += [".It " + macro(term), *marked(text)]
    return lines + [".El"]


def literal(term):
    return "Cm " + " ".join(argument(word) for word in term.split())
