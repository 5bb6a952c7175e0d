// Last: all parts begin. A form that came back with errors is read out from its summary.
document.getElementById("corrections")?.focus();
start(document);
