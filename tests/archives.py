"""Small distributions, made by hand."""

import base64
import hashlib
import io
import tarfile
import zipfile


def metadata(name: str, version: str, extra: str = "") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{extra}"


def wheel(
    name: str, version: str, modules: dict[str, str] | None = None, tag: str = "py3-none-any", extra: str = ""
) -> bytes:
    info = f"{name}-{version}.dist-info"
    members = {
        **(modules or {f"{name}/__init__.py": ""}),
        f"{info}/METADATA": metadata(name, version, extra),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    rows = []
    for path, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text.encode())}\n")
    members[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for path, text in members.items():
            opened.writestr(zipfile.ZipInfo(path), text)
    return out.getvalue()


def sdist(name: str, version: str, extra: str = "", files: dict[str, str] | None = None) -> bytes:
    top = f"{name}-{version}"
    out = io.BytesIO()
    inner = {"PKG-INFO": metadata(name, version, extra), "setup.py": "", **(files or {})}
    members = {f"{top}/{path}": text for path, text in inner.items()}
    with tarfile.open(fileobj=out, mode="w:gz") as opened:
        for path, text in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            opened.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()
