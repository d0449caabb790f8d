"""Trees of Debian's packages for another architecture, or with nothing optional, and how Meson builds
against them. No part of the machine's own packages changes, and root is not needed."""

import os
import shutil
import subprocess

REQUIRED = ["libgomp1", "libc6-dev", "libcjson-dev", "zlib1g-dev"]
OPTIONAL = ["check", "libspng-dev", "ocl-icd-opencl-dev"]


class Missing(Exception):
    """What the machine lacks."""


# Compiler, triplet, dynamic linker, and for Meson: family, cpu, endianness; how programs run.
ARCHITECTURES = {
    "amd64": ("gcc", "x86_64-linux-gnu", "ld-linux-x86-64.so.2", "x86_64", "x86_64", "little", None),
    "i386": ("i686-linux-gnu-gcc", "i386-linux-gnu", "ld-linux.so.2", "x86", "i686", "little", None),
    "arm64": ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu", "ld-linux-aarch64.so.1", "aarch64", "armv8-a",
              "little", "qemu-aarch64"),
    "s390x": ("s390x-linux-gnu-gcc", "s390x-linux-gnu", "ld64.so.1", "s390x", "z10", "big", "qemu-s390x"),
}

CROSS_FILE = """[binaries]
c = [{ccache}'{compiler}', '--sysroot={root}']
ar = '{prefix}ar'
strip = '{prefix}strip'
nm = '{prefix}nm'
pkgconfig = 'pkg-config'
{wrapper}
[built-in options]
c_link_args = {link}

[properties]
needs_exe_wrapper = {wrapped}
sys_root = '{root}'
pkg_config_libdir = ['{root}/usr/lib/{triplet}/pkgconfig', '{root}/usr/share/pkgconfig']

[host_machine]
system = 'linux'
cpu_family = '{family}'
cpu = '{cpu}'
endian = '{endian}'
"""


def need(program, package):
    if not shutil.which(program):
        raise Missing(f"{program} is not installed (Debian: {package})")


def mirror():
    """The first of the machine's own, and its release."""
    need("apt-get", "apt")
    lines = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages",
                            "Component: main"], capture_output=True, text=True, check=True).stdout.split("\n")
    if not lines[0]:
        raise Missing("apt-get knows no source of packages")
    return lines[0].split()


def mend_links(root):
    """Links from / lead out of the tree."""
    for folder, _, names in os.walk(root):
        for path in (os.path.join(folder, name) for name in names):
            if os.path.islink(path) and os.readlink(path).startswith("/"):
                inside = root + os.readlink(path)
                os.remove(path)
                os.symlink(os.path.relpath(inside, folder), path)


def fetch(architecture, root, packages):
    """Unpacks them beside the tree's place, so that no half of one is ever taken."""
    need("mmdebstrap", "mmdebstrap")
    site, release = mirror()
    shutil.rmtree(f"{root}.part", ignore_errors=True)
    done = subprocess.run(["mmdebstrap", "--variant=extract", f"--architectures={architecture}",
                           "--components=main", "--include=" + ",".join(packages), release, f"{root}.part", site],
                          capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"no packages of {architecture}: {done.stderr.strip()[-300:]}")
    mend_links(f"{root}.part")
    os.rename(f"{root}.part", root)


def cross_file(architecture, folder):
    """The path of one for Meson; the tree is fetched once."""
    compiler, triplet, linker, family, cpu, endian, emulator = ARCHITECTURES[architecture]
    prefix = compiler[:-len("gcc")]
    need(compiler, prefix and f"gcc-{prefix[:-1]}" or "gcc")
    if emulator:
        need(emulator, "qemu-user")
    root = os.path.join(folder, f"sysroot-{architecture}")
    if not os.path.exists(root):
        fetch(architecture, root, REQUIRED + (OPTIONAL if architecture != "amd64" else []))
    libraries = [f"{root}/usr/lib/{triplet}", f"{root}/lib/{triplet}"]
    link = [] if emulator else [f"-Wl,--dynamic-linker={root}/lib/{triplet}/{linker}",
                                "-Wl,-rpath," + ":".join(libraries)]
    path = os.path.join(folder, f"{architecture}.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CROSS_FILE.format(
            ccache="'ccache', " if shutil.which("ccache") else "", compiler=compiler, prefix=prefix, root=root,
            triplet=triplet, family=family, cpu=cpu, endian=endian, link=link, wrapped=str(bool(emulator)).lower(),
            wrapper=f"exe_wrapper = ['{emulator}', '-L', '{root}']" if emulator else ""))
    return path
