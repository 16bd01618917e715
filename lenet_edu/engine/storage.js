// @ts-check
import { translate } from "../system/language.js";

/** What outlives a page: trainings, progress and MNIST, in the browser's IndexedDB. Each write is whole or not at all. */

const NAME = "lenet_edu";
const VERSION = 1;
const STORES = ["trainings", "data", "progress"];

/** A browser that keeps nothing for this page, or a full disk: the message says what to do. */
export class StorageError extends Error {
  name = "StorageError";
}

/**
 * @returns {Promise<{
 *   get: (store: string, key: string) => Promise<any>,
 *   put: (store: string, key: string, value: any) => Promise<void>,
 *   remove: (store: string, key: string) => Promise<void>,
 *   keys: (store: string) => Promise<string[]>,
 * }>}
 */
export async function openStorage() {
  const database = await open().catch((error) => {
    // Some browsers refuse at once, even to be asked.
    throw error instanceof StorageError ? error : failure(error);
  });
  /** @type {(store: string, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest) => Promise<any>} */
  const transact = (store, mode, work) =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: "strict" });
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(failure(transaction.error ?? request.error));
    });
  return {
    get: (store, key) => transact(store, "readonly", (its) => its.get(key)),
    put: (store, key, value) => transact(store, "readwrite", (its) => its.put(value, key)),
    remove: (store, key) => transact(store, "readwrite", (its) => its.delete(key)),
    keys: (store) => transact(store, "readonly", (its) => its.getAllKeys()),
  };
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    if (typeof indexedDB === "undefined") {
      reject(failure(new DOMException(translate("there is no IndexedDB"), "NotSupportedError")));
      return;
    }
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failure(request.error));
    request.onblocked = () =>
      reject(failure(new DOMException(translate("another tab holds an older version"), "BlockedError")));
  });
}

/** @param {DOMException | null} error */
function failure(error) {
  const full = error?.name === "QuotaExceededError";
  return new StorageError(
    full
      ? translate(
          "The browser has no more room for this page. Remove old trainings, or make room on the disk.",
        )
      : translate(
          "The browser keeps nothing for this page ({reason}). Private windows and blocked cookies do that. Training " +
            "works all the same, but closing the page loses it: save the weights as a file.",
          { reason: error?.message ?? translate("no reason given") },
        ),
  );
}
