// Values that views follow.

import { useEffect, useState } from "preact/hooks";

/** A value with those who want to know of its changes. */
export function cell(first) {
  let value = first;
  const followers = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const follower of [...followers]) follower(next);
    },
    follow(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}

/** The value of a cell, in a view that is drawn anew when it changes. */
export function useCell(one) {
  const [, draw] = useState({});
  const value = one.get();
  useEffect(() => {
    // It may have changed between drawing and this moment.
    if (one.get() !== value) draw({});
    return one.follow(() => draw({}));
  }, [one]);
  return value;
}
