/*
 * value_impl.h - the members of a map while it is being edited.
 */
#ifndef BASE_VALUE_IMPL_H
#define BASE_VALUE_IMPL_H
#include "base/value.h"
#include "base/vec.h"

typedef VEC(struct member) member_vec;
typedef VEC(const struct value *) item_vec;

/* Append the members of map, if it is one. */
void push_members(struct arena *a, member_vec *out, const struct value *map);

/* Set or, with value NULL, remove key in out; a new key goes last. */
void set_member(struct arena *a, member_vec *out, const char *key,
                const struct mark *m, const struct value *value);

#endif
