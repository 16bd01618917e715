// A worker of node that serves as a page's worker does.
import { parentPort } from "node:worker_threads";
import { serve } from "../../../lenet_edu/engine/worker.js";

serve(parentPort);
