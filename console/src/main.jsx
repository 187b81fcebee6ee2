// The merchandiser's console.

import { render } from "preact";
import { App } from "./app.jsx";
import { begin } from "./core/session.js";
import { showTheme } from "./core/theme.js";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/controls.css";
import "./styles/overlays.css";
import "./styles/explanation.css";
import "./styles/search.css";
import "./styles/views.css";

showTheme();
render(<App />, document.getElementById("console"));
begin();
