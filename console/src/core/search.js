// Searches of the console, which are not to count among what shoppers search for.

import { call, inIndex } from "./api.js";
import { compact } from "./json.js";

/** A page of a search; by a comparison, which the server does not count, where the key may make one. */
export async function look(index, body, signal) {
  const { shopper, session, personalize, explain, ...search } = body;
  const party = compact({ shopper, session, personalize });
  try {
    const path = inIndex(index, "search", "compare");
    const { data } = await call("POST", path, { body: { search, before: {}, after: party }, signal });
    return data.after;
  } catch (error) {
    if (error.status !== 403) throw error;
    return (await call("POST", inIndex(index, "search"), { body, signal })).data;
  }
}
