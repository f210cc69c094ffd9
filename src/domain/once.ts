/** A value that is made when it is first asked for: schemas take longer to make than most commands have use for them. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
