/*
 * arena.h - memory that is freed all at once.
 *
 * One arena per scenario, one per replication.  Objects are never freed
 * singly.  Memory comes zeroed and aligned for any type.  Running out of
 * memory ends the program with one message: callers do not test for NULL.
 * Unless a function says otherwise, pointers passed in are borrowed for the
 * call and pointers returned belong to the arena of their object.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include <stdarg.h>
#include <stddef.h>

struct arena;

/* Make an empty arena.  Free it with arena_free. */
struct arena *arena_new(void);

/* Make one that is freed when owner is freed or reset: for scratch. */
struct arena *arena_under(struct arena *owner);

/* Free a and everything in it; runs its clean-ups, last registered first.
 * NULL is allowed. */
void arena_free(struct arena *a);

/* Empty a but keep its blocks for reuse; runs its clean-ups first. */
void arena_reset(struct arena *a);

/* size zeroed bytes, aligned to 16.  size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);

/* Zeroed room for n objects of size bytes; overflow of n * size is a BUG. */
void *arena_array(struct arena *a, size_t n, size_t size);

#define arena_make(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_many(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

/* Copies.  arena_strndup ends the copy with NUL; s need not have one. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
void *arena_memdup(struct arena *a, const void *p, size_t size);

/* A formatted string in a. */
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Call fn(arg) when a is freed or reset: for what the arena does not own. */
void arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg);

/* Bytes handed out so far (without slack). */
size_t arena_used(const struct arena *a);

/* realloc to n objects of size bytes for what must live on the heap, with the
 * same promise: never NULL.  New memory is not zeroed. */
void *heap_grow(void *p, size_t n, size_t size);

#endif
