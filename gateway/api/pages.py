"""The built pages: hashed files for ever, the rest asked for each time, one page for all routes."""

from pathlib import Path, PurePosixPath

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response

FOR_EVER = "public, max-age=31536000, immutable"
ASK = "no-cache"
NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Kvartal</title>
<h1>The pages are not built</h1><p>Run <code>make web</code> and load this page again.</p>
"""


def pages(folder: Path) -> APIRouter:
    """Make the routes that serve a folder built by Vite."""
    router = APIRouter(include_in_schema=False)
    root = folder.resolve()

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def page(path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404, "There is nothing at this address.")
        try:
            file = (root / path).resolve()
            is_page = bool(path) and file.is_relative_to(root) and file.is_file()
        except (ValueError, OSError) as error:  # a zero byte, or longer than a file name can be
            raise HTTPException(404, "There is no such file.") from error
        if is_page:
            kept = FOR_EVER if path.startswith("assets/") else ASK
            return FileResponse(file, headers={"Cache-Control": kept})
        if PurePosixPath(path).suffix:
            raise HTTPException(404, "There is no such file.")
        if not (root / "index.html").is_file():
            return HTMLResponse(NOT_BUILT, 503, {"Cache-Control": ASK})
        return FileResponse(root / "index.html", headers={"Cache-Control": ASK})

    return router
