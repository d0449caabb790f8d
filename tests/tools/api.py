"""api.py DOXYGEN DOXYFILE: each item of the public headers has a text, and each reference leads
somewhere. Doxygen says nothing of values of an enumeration, so those are looked for here."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from absent import absent

OF_A_LIST = {"ock_status"}  # whose values are told where OCK_STATUS_LIST is


def has_text(item):
    texts = item.findall("briefdescription") + item.findall("detaileddescription")
    return any("".join(text.itertext()).strip() for text in texts)


def bare_values(folder):
    for page in folder.glob("xml/*_8h.xml"):
        for enumeration in ElementTree.parse(page).iterfind(".//memberdef[@kind='enum']"):
            if enumeration.findtext("name") not in OF_A_LIST:
                yield from (value.findtext("name") for value in enumeration.iterfind("enumvalue")
                            if not has_text(value))


def main(doxygen, doxyfile):
    if not os.path.exists(doxygen):
        absent("doxygen")
    with tempfile.TemporaryDirectory() as folder:
        changes = f'\nOUTPUT_DIRECTORY = "{folder}"\nGENERATE_XML = YES\nGENERATE_HTML = NO\n'
        done = subprocess.run([doxygen, "-"], input=Path(doxyfile).read_text() + changes, text=True)
        headers = len(list(Path(folder).glob("xml/*_8h.xml")))
        bare = list(bare_values(Path(folder)))
    for name in bare:
        print(f"{name} is not documented")
    print(f"{headers} headers")
    return 0 if done.returncode == 0 and headers > 10 and not bare else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
