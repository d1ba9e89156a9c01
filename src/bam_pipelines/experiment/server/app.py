"""The web server: the study's files, three calls that store answers, and a page for the experimenter."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bam_pipelines.experiment.server.places import Place, Refused
from bam_pipelines.experiment.server.screening import Screen
from bam_pipelines.experiment.server.status import STATUS_SCRIPT, status_page
from bam_pipelines.experiment.server.store import AnswerStore
from bam_pipelines.experiment.study import TRANSPORT, transport_script

# a block of a hundred trials takes about 60 kB
LARGEST_POST = 4_000_000
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # addresses may hold outside ids
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_COOKIE = "bam_access"

Token = Annotated[str, Field(min_length=1, max_length=200)]


class _Post(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Start(_Post):
    token: Token | None
    outside_id: Annotated[str, Field(pattern="^[A-Za-z0-9]{1,100}$")] | None
    design_id: Token
    list: int | None = None


class _Block(_Post):
    token: Token
    session: int
    block: int
    records: list[dict[str, Any]]


class _Finish(_Post):
    token: Token
    session: int


Body = TypeVar("Body", bound=_Post)


@dataclass(frozen=True)
class Access:
    """Who may see what.

    Parameters
    ----------
    status_key
        Opens the experimenter's page.
    participants
        Token that participants' links must carry, or None on one's own machine.
    hosts
        Names by which the server may be called; ``*`` for any.
    """

    status_key: str
    participants: str | None
    hosts: tuple[str, ...]


def create_app(store: AnswerStore, access: Access, screen: Screen) -> FastAPI:
    """Build the server of a study.

    Parameters
    ----------
    store
        Where answers go; its plan names the study's folder.
    access
        Who may see what.
    screen
        Applies the quality rules, for the experimenter's page.
    """
    app = FastAPI(openapi_url=None)
    app.middleware("http")(_guard(access))
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(access.hosts))
    app.exception_handler(Refused)(_refusal)

    @app.post("/api/start")
    async def start(request: Request) -> dict[str, Any]:
        body = await _body(request, _Start)
        place, token = await run_in_threadpool(store.start, body.token, body.outside_id, body.design_id, body.list)
        return {"token": token, **_told(place)}

    @app.post("/api/blocks")
    async def save(request: Request) -> dict[str, bool]:
        body = await _body(request, _Block)
        new = await run_in_threadpool(store.save, body.token, body.session, body.block, body.records)
        return {"stored": True, "before": not new}

    @app.post("/api/finish")
    async def finish(request: Request) -> dict[str, bool]:
        body = await _body(request, _Finish)
        await run_in_threadpool(store.finish, body.token, body.session)
        return {"finished": True}

    @app.get("/status")
    async def status(key: str = "") -> Response:
        if not secrets.compare_digest(key.encode(), access.status_key.encode()):
            return PlainTextResponse("This page needs the link that the server printed when it began.", 403)
        return HTMLResponse(await run_in_threadpool(status_page, store, screen))

    @app.get("/status.js")
    async def status_script() -> Response:
        return Response(STATUS_SCRIPT.read_text(encoding="utf-8"), media_type="text/javascript")

    @app.get(f"/{TRANSPORT}")
    async def transport() -> Response:
        return Response(transport_script("server"), media_type="text/javascript")

    app.mount("/", StaticFiles(directory=store.plan.folder, html=True))
    return app


def _told(place: Place) -> dict[str, Any]:
    """Return what a participant's page is told about its place."""
    return {
        "participant_id": place.participant_id,
        "session": place.session,
        "list": place.list,
        "blocks": sorted(place.blocks),
    }


async def _body(request: Request, kind: type[Body]) -> Body:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Refused(415, "study_error", "expected a post of application/json.")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_POST:
            raise Refused(413, "study_error", f"the post is larger than {LARGEST_POST} bytes.")
        parts.append(part)
    try:
        return kind.model_validate_json(b"".join(parts))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the post"
        raise Refused(422, "study_error", f"{where}: {first['msg']}.") from None


async def _refusal(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return JSONResponse({"word": refused.word, "detail": refused.detail}, refused.status)


def _guard(access: Access) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """Let in those who bring the access token once, as ``?access=``, or in the cookie that they then get."""

    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        brought = request.query_params.get("access") or request.cookies.get(_COOKIE) or ""
        needed = access.participants
        if needed is not None and not secrets.compare_digest(brought.encode(), needed.encode()):
            return PlainTextResponse("This study needs the link that the experimenter gave you.", 403)
        response = await go_on(request)
        response.headers.update(HEADERS)
        if needed is not None and "access" in request.query_params:
            response.set_cookie(_COOKIE, needed, httponly=True, samesite="strict")
        return response

    return guard
