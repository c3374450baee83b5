/*
 * vec.h - growing arrays in an arena.
 *
 *     VEC(struct pod *) pods = {0};
 *     vec_push(arena, &pods, pod);
 *     for (size_t i = 0; i < pods.len; i++) use(pods.items[i]);
 *
 * Growth doubles and leaves the old block to the arena, so a vector costs at
 * most twice its final size.  Items may move on push: keep indexes, not
 * pointers, across a push.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H
#include <stddef.h>
#include "base/arena.h"

#define VEC(type)                                                             \
    struct {                                                                  \
        type *items;                                                          \
        size_t len, cap;                                                      \
    }

/* Append x to *v. */
#define vec_push(a, v, x)                                                     \
    ((v)->len == (v)->cap                                                     \
         ? vec_grow((a), (void **)&(v)->items, &(v)->cap,                     \
                    sizeof *(v)->items)                                       \
         : (void)0,                                                           \
     (v)->items[(v)->len++] = (x))

/* Append an item and point at it; it is not zeroed. */
#define vec_add(a, v)                                                         \
    ((v)->len == (v)->cap                                                     \
         ? vec_grow((a), (void **)&(v)->items, &(v)->cap,                     \
                    sizeof *(v)->items)                                       \
         : (void)0,                                                           \
     &(v)->items[(v)->len++])

/* Remove item i by moving the last one into its place: order is lost. */
#define vec_swap_remove(v, i) ((v)->items[i] = (v)->items[--(v)->len])

/* Remove item i and keep the order.  O(n). */
#define vec_remove(v, i)                                                      \
    vec_close_gap((v)->items, &(v)->len, (i), sizeof *(v)->items)

#define vec_clear(v) ((v)->len = 0)

/* For the macros above. */
void vec_grow(struct arena *a, void **items, size_t *cap, size_t size);
void vec_close_gap(void *items, size_t *len, size_t i, size_t size);

#endif
