// What all parts share. Everything here only adds to pages that work without it.
const spoken = document.querySelector("[data-spoken]");
const texts = spoken ? spoken.dataset : {};

// say tells those who listen to the page.
const say = (text) => {
	if (!spoken) return;
	spoken.textContent = "";
	setTimeout(() => { spoken.textContent = text; }, 50);
};

// make returns an element with what stands in it.
const make = (name, attributes = {}, ...children) => {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
	e.append(...children);
	return e;
};

// symbol returns an icon like those that the server draws.
const symbol = (name) => {
	const some = document.querySelector("svg.icon use");
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	if (!some) return svg;
	const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
	use.setAttribute("href", some.getAttribute("href").replace(/#.*/, "#" + name));
	svg.append(use);
	return svg;
};

// started are what prepares a part of the page: the page itself, and what is
// fetched into it later.
const started = [];
const start = (root) => { for (const each of started) each(root); };
