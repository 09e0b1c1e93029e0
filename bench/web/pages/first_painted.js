// Before the page's own code: when its first painting is on the screen, in ms since the page was asked for.
new MutationObserver(() => {
  if (document.documentElement?.dataset.painted) window.firstPainted ??= performance.now();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-painted'] });
