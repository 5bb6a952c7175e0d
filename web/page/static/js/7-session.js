// Two minutes before a session ends for want of use, the page says so and lets it be
// prolonged (WCAG 2.2.1). Other tabs may have been used meanwhile: the server is asked.
{
	const mark = document.querySelector("[data-session-left]");
	const warning = 120; // seconds
	const dialog = document.querySelector("dialog[data-session]");

	const ask = async (aside) => {
		const answer = await fetch(mark.dataset.sessionAsk, { headers: { Accept: "application/json", ...(aside && { "Latchkey-Aside": "session" }) } });
		if (!answer.ok) return { left_seconds: 0, left_at_most_seconds: 0 };
		return answer.json();
	};

	let timer;
	const later = (left) => {
		clearTimeout(timer);
		timer = setTimeout(look, Math.min(Math.max(left - warning, 1), 86400) * 1000);
	};

	const show = (now) => {
		const last = now.left_at_most_seconds <= warning; // nothing prolongs it
		dialog.querySelector("[data-session-more]").hidden = last;
		dialog.querySelector("[data-session-last]").hidden = !last;
		dialog.querySelector("[data-session-stay]").hidden = last;
		if (!dialog.open) dialog.showModal();
		clearTimeout(timer);
		timer = setTimeout(look, Math.max(now.left_seconds, 1) * 1000);
	};

	const over = () => {
		if (!dialog.open) dialog.showModal();
		for (const name of ["more", "last", "stay"]) dialog.querySelector(`[data-session-${name}]`).hidden = true;
		dialog.querySelector("[data-session-over]").hidden = false;
	};

	const look = async () => {
		let now;
		try { now = await ask(true); } catch { later(warning + 30); return; } // the server is away
		if (now.left_seconds <= 0) over();
		else if (now.left_seconds <= warning + 2) show(now);
		else {
			if (dialog.open) dialog.close();
			later(now.left_seconds);
		}
	};

	if (mark && dialog && Number(mark.dataset.sessionLeft) > 0) {
		dialog.querySelector("[data-session-stay]").addEventListener("click", async () => {
			try {
				const now = await ask(false);
				if (now.left_seconds <= 0) { over(); return; }
				dialog.close();
				say(mark.dataset.sessionStayed);
				later(now.left_seconds);
			} catch {
				say(texts.unloaded);
			}
		});
		dialog.addEventListener("close", () => later(warning + 60));
		later(Number(mark.dataset.sessionLeft));
	}

	// What the keys do: opened by its button, or by a question mark.
	const help = document.querySelector("dialog[data-keys]");
	document.addEventListener("click", (event) => {
		if (help && event.target.closest("[data-keys-open]")) { event.preventDefault(); help.showModal(); }
		if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog")?.close();
	});
}
