// `/room/<name>` leads to the object of that name.
export function route(request, env) {
  const name = /^\/room\/([^/]+)$/.exec(new URL(request.url).pathname)?.[1];
  if (!name || request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 404 });
  return env.Room.get(env.Room.idFromName(name)).fetch(request);
}
