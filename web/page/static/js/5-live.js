// Elements marked data-live are fetched anew, as the server draws them, whenever
// their address of server-sent events tells of a change. What somebody types or has
// open stays as it is.
{
	const busy = (e) => {
		const at = document.activeElement;
		return e.contains(at) && at.matches("input, textarea, select, [contenteditable]")
			|| e.querySelector("details[data-menu][open], dialog[open]") || document.querySelector("dialog[open]");
	};

	// twin finds in the fresh part what had the focus in the old one.
	const twin = (at, fresh) => {
		if (at.id) return fresh.querySelector("#" + CSS.escape(at.id));
		const same = (e) => e.tagName === at.tagName && e.getAttribute("href") === at.getAttribute("href");
		return [...fresh.querySelectorAll(at.tagName)].find((e) => same(e) && e.textContent === at.textContent) ?? [...fresh.querySelectorAll(at.tagName)].find(same);
	};

	const replace = (old, fresh) => {
		const before = old.textContent, at = document.activeElement, held = old.contains(at);
		const open = [...old.querySelectorAll("details")].map((d) => d.open);
		old.replaceChildren(...fresh.childNodes);
		old.querySelectorAll("details").forEach((d, i) => { d.open = d.open || Boolean(open[i]); });
		start(old);
		if (held) twin(at, old)?.focus();
		if (old.textContent !== before && old.dataset.liveSay !== undefined) say(old.textContent.trim());
	};

	let running = false, again = false;
	const renew = async () => {
		if (running) { again = true; return; }
		running = true;
		try {
			const answer = await fetch(location.href, { headers: { Accept: "text/html", "Latchkey-Aside": "live" } });
			if (!answer.ok || answer.redirected) return;
			const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
			for (const old of document.querySelectorAll("[data-live][id]")) {
				const part = fresh.getElementById(old.id);
				if (part && !busy(old) && part.innerHTML !== old.innerHTML) replace(old, part);
			}
		} catch {
			// the next event finds the server again
		} finally {
			running = false;
			if (again) { again = false; renew(); }
		}
	};

	const sources = new Map(); // one for all elements with the same address
	started.push((root) => {
		for (const e of root.querySelectorAll("[data-live][id]")) {
			const address = e.dataset.live;
			if (new URL(address, location.href).origin !== location.origin || sources.has(address)) continue;
			const source = new EventSource(address);
			sources.set(address, source);
			source.addEventListener("message", renew);
			source.addEventListener("over", () => source.close());
		}
	});
	addEventListener("pagehide", () => { for (const source of sources.values()) source.close(); });
	addEventListener("pageshow", (event) => {
		if (event.persisted && sources.size) location.reload(); // it was put away, and heard of nothing
	});
}
