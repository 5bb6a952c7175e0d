// Elements marked data-live are fetched anew, as the server draws them, whenever
// their address of server-sent events tells of a change.
{
	const renew = async (id) => {
		const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
		if (!answer.ok) return;
		const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
		const old = document.getElementById(id);
		if (!fresh || !old || old.contains(document.activeElement)) return;
		const before = old.textContent;
		old.replaceChildren(...fresh.childNodes);
		start(old);
		if (old.textContent !== before && old.dataset.liveSay !== undefined) say(old.textContent.trim());
	};

	const sources = new Map(); // one for all elements with the same address
	started.push((root) => {
		for (const e of root.querySelectorAll("[data-live][id]")) {
			const address = e.dataset.live;
			if (new URL(address, location.href).origin !== location.origin) continue;
			if (!sources.has(address)) sources.set(address, new EventSource(address));
			sources.get(address).addEventListener("message", () => renew(e.id));
		}
	});
	addEventListener("pagehide", () => { for (const source of sources.values()) source.close(); });
}
