// Runs before the first paint, so that neither the theme nor elements added by scripts shift the layout.
"use strict";
{
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("labs.theme");
    if (theme) root.dataset.theme = theme;
  } catch {
    // Without storage the system theme is used.
  }
}
