"""The web application: which address is answered by what."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from weakref import WeakValueDictionary

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from controller.kube.errors import ApiError
from controller.kube.logs import Tail, tail
from controller.ui import actions
from controller.ui.access import Access, Viewer, rights
from controller.ui.frame import VIEWER, Frame, respond
from controller.ui.live import Hub, parts_of
from controller.ui.pages.base import Page
from controller.ui.pages.instance import InstancePage
from controller.ui.pages.job import JobPage
from controller.ui.pages.jobs import JobsPage
from controller.ui.pages.maintenance import MaintenancePage
from controller.ui.pages.maintenances import MaintenancesPage
from controller.ui.pages.node import NodePage
from controller.ui.pages.update import UpdatePage
from controller.ui.render import Renderer
from controller.ui.security import FIELD, Guard, harden
from controller.ui.sign_in import SignIn
from controller.ui.site import Site
from controller.ui.streams import PATIENCE, Streams
from controller.ui.tokens import TokenAccess
from controller.ui.turns import Turns
from controller.view.verbs import Verb

log = logging.getLogger(__name__)

#: Names of Kubernetes, so that an address cannot lead to another path of the API server.
_LABEL: Final = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_NAME: Final = "[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_OBJECT: Final = f"{{namespace:{_LABEL}}}/{{name:{_NAME}}}"
_PAGES: Final[Mapping[str, Callable[[Mapping[str, str], Mapping[str, str]], Page]]] = {
    "/": JobsPage.of,
    f"/jobs/{_OBJECT}": JobPage.of,
    f"/updates/{_OBJECT}": UpdatePage.of,
    f"/instances/{_OBJECT}/{{id:[0-9]{{1,4}}}}": InstancePage.of,
    f"/nodes/{{name:{_NAME}}}": NodePage.of,
    "/maintenances": MaintenancesPage.of,
    f"/maintenances/{{name:{_LABEL}}}": MaintenancePage.of,
}
#: The names of what is open to everybody.
_OPEN: Final = frozenset({"static", "signin"})
#: Lines and bytes of a log.
LOG_LINES: Final = 200
_LOG_BYTES: Final = 64 * 1024


def application(
    site: Site,
    renderer: Renderer,
    access: Access,
    guard: Guard,
    hub: Hub,
    *,
    ask_again: float = 30.0,
    middlewares: Sequence[Middleware] = (),
) -> web.Application:
    """The application. Its owner runs the watch of ``site``.

    ``ask_again``: seconds after which a stream asks again who its viewer is and what he may see.
    ``middlewares``: that see each request and its answer first.
    """
    frame = Frame(site, renderer, signs_in=access.signs_in)
    pages = _Pages(site, renderer, access, guard, frame)
    streams = Streams(site, renderer, access, hub, frame, ask_again)
    around = [*middlewares, frame.errors, guard.middleware, pages.access]
    app = web.Application(middlewares=around)
    app.on_response_prepare.append(harden)
    for path, read in _PAGES.items():
        app.router.add_get(path, pages.show(read))
        # The answer to HEAD would be a stream, too.
        app.router.add_get(f"/live{path}", streams.of(read), allow_head=False)
    verb = f"/updates/{_OBJECT}/{{verb:[a-z]+}}"
    app.router.add_get(verb, pages.ask)
    app.router.add_post(verb, pages.act)
    app.router.add_get(f"/log/{_OBJECT}/{{container:{_LABEL}}}", pages.log)
    app.router.add_get("/static/{version}/{file:[a-z0-9./-]+}", pages.static, name="static")
    if isinstance(access, TokenAccess):
        SignIn(frame, renderer, guard, access).add(app)
    return app


class _Pages:
    def __init__(
        self,
        site: Site,
        renderer: Renderer,
        access: Access,
        guard: Guard,
        frame: Frame,
    ) -> None:
        self._site = site
        self._renderer = renderer
        self._access = access
        self._guard = guard
        self.frame = frame
        #: By the names of users, as long as they are used.
        self._turns: WeakValueDictionary[str, Turns] = WeakValueDictionary()

    @web.middleware
    async def access(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Who looks. What shows nothing of the cluster is open to everybody."""
        if request.match_info.route.name not in _OPEN:
            request[VIEWER] = await self._access.viewer(request)
        return await handler(request)

    # -- pages -------------------------------------------------------------------

    def show(
        self, read: Callable[[Mapping[str, str], Mapping[str, str]], Page]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def shown(request: web.Request) -> web.StreamResponse:
            await self._site.watch.wait(PATIENCE)
            page = read(request.match_info, request.query)
            sight = await page.sight(request[VIEWER], self._site)
            if sight is None:
                raise web.HTTPNotFound(text=self.frame.missing)
            found = await page.read(self._site, sight)
            # One page of a user at a time: a page of ten thousand pods takes long.
            turns = self._turns.setdefault(request[VIEWER].name, Turns())
            html = await turns.take(lambda: self._html(request, page, sight, found))
            if html is None:
                raise web.HTTPNotFound(text=self.frame.missing)
            return respond(html)

        return shown

    def _html(self, request: web.Request, page: Page, sight: Any, found: Any) -> str | None:
        """The whole page; None if there is nothing at its address."""
        data = page.data(self._site, sight, found)
        if data is None:
            return None
        parts = parts_of(page, sight, data, self._site, self._renderer)
        whole = {**data, **self.frame.data(request, page), "parts": parts}
        return self._renderer.html(f"{page.name}/page.html", whole)

    # -- actions -----------------------------------------------------------------------------

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """The question before a verb."""
        verb, update = await self._update(request)
        asked = actions.ask(verb, update, self._site.now())
        response = respond("")
        data = {
            **self.frame.data(request, None),
            "title": asked.question,
            "asked": asked,
            "update": update,
            "field": FIELD,
            "token": self._guard.token(request, response),
        }
        response.text = str(self._renderer.html("ask.html", data))
        return response

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Do it, and go to the page of the Update."""
        form = await self._guard.form(request)
        verb, update = await self._update(request)
        viewer: Viewer = request[VIEWER]
        if viewer.client is None:
            raise web.HTTPForbidden(text="This page is read-only for you.")
        uid, message = form.get("uid", ""), form.get("message", "")
        try:
            await actions.act(viewer.client, verb, update, uid, message, self._site.now())
        except actions.ActionError as error:
            return self.frame.error(request, 409, error.message, error.hint)
        where = f"/updates/{update.metadata.namespace}/{update.metadata.name}"
        raise web.HTTPSeeOther(where)

    async def _update(self, request: web.Request) -> tuple[Verb, Any]:
        """The verb and the Update of the address, if the viewer may steer it."""
        verb = actions.verb_of(request.match_info["verb"])
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        update = self._site.store.updates.get((namespace, name))
        found = await rights(request[VIEWER], namespace)
        if verb is None or update is None or not found.updates:
            raise web.HTTPNotFound(text=self.frame.missing)
        if not found.steer:
            raise web.HTTPForbidden(text=f"You may not change Updates in namespace {namespace}.")
        return verb, update

    # -- logs and files ----------------------------------------------------------------------

    async def log(self, request: web.Request) -> web.StreamResponse:
        """The end of the log of a container, of a pod of a Job."""
        place, viewer = request.match_info, request[VIEWER]
        namespace, pod, container = place["namespace"], place["name"], place["container"]
        found = await rights(viewer, namespace)
        if not found.pods or not self._site.store.has_pod(namespace, pod):
            raise web.HTTPNotFound(text=self.frame.missing)
        previous = "previous" in request.query
        end, trouble = Tail("", is_cut=False), ""
        if viewer.logs is None or not found.logs:
            trouble = f"You may not read logs in namespace {namespace}."
        else:
            try:
                end = await tail(
                    viewer.logs,
                    namespace,
                    pod,
                    container,
                    lines=LOG_LINES,
                    most_bytes=_LOG_BYTES,
                    previous=previous,
                )
            except ApiError as error:
                trouble = error.message or str(error)
        data = {
            **self.frame.data(request, None),
            "title": f"Log of {pod}",
            "namespace": namespace,
            "pod": pod,
            "container": container,
            "previous": previous,
            "end": end,
            "kib": _LOG_BYTES // 1024,
            "trouble": trouble,
            "lines": LOG_LINES,
        }
        return respond(self._renderer.html("log.html", data))

    async def static(self, request: web.Request) -> web.StreamResponse:
        """A file of the page. Its address changes when it does."""
        found = self._renderer.static.get(request.match_info["file"])
        if found is None:
            raise web.HTTPNotFound(text="There is no such file.")
        # While one version follows another, the page of one may ask the other for its files.
        is_its_own = request.match_info["version"] == self._renderer.version
        kept = "public, max-age=31536000, immutable" if is_its_own else "no-store"
        return web.Response(
            body=found[1],
            content_type=found[0],
            charset="utf-8",
            headers={"Cache-Control": kept},
        )
