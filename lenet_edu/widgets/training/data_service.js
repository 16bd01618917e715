// @ts-check
/** The worker that serves data on pages whose scripts are files; the playground starts its own. */

import { serveData } from "./data_worker.js";

serveData(/** @type {any} */ (globalThis));
