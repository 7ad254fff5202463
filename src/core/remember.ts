/** Values that cost time to make and are asked for again soon. Serves all layers. */

/**
 * `make`, which answers arguments of the same `key` with the value it made last, while that is still there.
 *
 * Memory: the value is held weakly, so remembering it never keeps it from being released.
 */
export function rememberingLast<Arguments extends ReadonlyArray<unknown>, Value extends object>(
  key: (...given: Arguments) => string,
  make: (...given: Arguments) => Value,
): (...given: Arguments) => Value {
  let last: { readonly key: string; readonly value: WeakRef<Value> } | undefined;
  return (...given) => {
    const asked = key(...given);
    const known = last?.key === asked ? last.value.deref() : undefined;
    if (known !== undefined) return known;
    const value = make(...given);
    last = { key: asked, value: new WeakRef(value) };
    return value;
  };
}
