/*
 * arena.c - memory that is freed all at once.
 *
 * A chain of blocks that double in size; an allocation moves a mark.  Blocks
 * come zeroed from the system and a reset clears only what was used, so a
 * reset arena serves the next replication without a system call.  Requests
 * that would waste much of a block get one of their own.
 *
 * Under AddressSanitizer everything not handed out is poisoned, so an overrun
 * of one object into the next is found if it passes their 16-byte slack.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "poison.h"

#define ALIGN 16
#define BLOCK_FIRST ((size_t)16 << 10)
#define BLOCK_LARGEST ((size_t)4 << 20)

struct block {
    struct block *next;
    size_t size, used;          /* bytes of data */
    _Alignas(ALIGN) unsigned char data[];
};

struct cleanup {
    struct cleanup *next;
    void (*fn)(void *arg);
    void *arg;
};

struct arena {
    struct block *first, *current;
    size_t next_size;           /* of the next block */
    size_t used;                /* bytes handed out, without slack */
    struct cleanup *cleanups;
};

static _Noreturn void out_of_memory(size_t bytes)
{
    fprintf(stderr, "rollsim: out of memory (%zu bytes wanted)\n", bytes);
    exit(4);
}

void *heap_grow(void *p, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        BUG("array of %zu x %zu bytes", n, size);
    p = realloc(p, n && size ? n * size : 1);
    if (!p)
        out_of_memory(n * size);
    return p;
}

struct arena *arena_new(void)
{
    struct arena *a = calloc(1, sizeof *a);

    if (!a)
        out_of_memory(sizeof *a);
    a->next_size = BLOCK_FIRST;
    return a;
}

static void run_cleanups(struct arena *a)
{
    while (a->cleanups) {
        struct cleanup *c = a->cleanups;

        a->cleanups = c->next;
        c->fn(c->arg);
    }
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    run_cleanups(a);
    while (a->first) {
        struct block *b = a->first;

        a->first = b->next;
        UNPOISON(b->data, b->size);
        free(b);
    }
    free(a);
}

void arena_reset(struct arena *a)
{
    run_cleanups(a);
    for (struct block *b = a->first; b; b = b->next) {
        UNPOISON(b->data, b->used);
        memset(b->data, 0, b->used);
        POISON(b->data, b->used);
        b->used = 0;
    }
    a->current = a->first;
    a->used = 0;
}

static struct block *block_new(size_t size)
{
    struct block *b = calloc(1, sizeof *b + size);

    if (!b)
        out_of_memory(size);
    b->size = size;
    POISON(b->data, size);
    return b;
}

/* A block with room for need bytes.  The current block stays current for
 * large requests, which go into a block of their own behind it. */
static struct block *room_for(struct arena *a, size_t need)
{
    bool large = need > a->next_size / 4;
    struct block *b = a->current;

    while (b && b->size - b->used < need)
        b = b->next;
    if (!b) {
        b = block_new(large ? need : a->next_size);
        if (!large && a->next_size < BLOCK_LARGEST)
            a->next_size *= 2;
        if (a->current) {
            b->next = a->current->next;
            a->current->next = b;
        } else {
            a->first = b;
        }
    }
    if (!large || !a->current)
        a->current = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct block *b = a->current;
    size_t need;
    void *p;

    if (size > SIZE_MAX / 2)
        BUG("allocation of %zu bytes", size);
    need = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    if (!b || b->size - b->used < need)
        b = room_for(a, need);
    p = b->data + b->used;
    b->used += need;
    a->used += size;
    UNPOISON(p, size);
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        BUG("array of %zu x %zu bytes", n, size);
    return arena_alloc(a, n * size);
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
    void *copy = arena_alloc(a, size);

    if (size)
        memcpy(copy, p, size);
    return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *copy = arena_alloc(a, len + 1);

    if (len)
        memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    char room[256];             /* nearly always enough */
    va_list again;
    char *s;
    int len;

    va_copy(again, args);
    len = vsnprintf(room, sizeof room, format, args);
    if (len < 0)
        BUG("cannot format \"%s\"", format);
    if ((size_t)len < sizeof room) {
        s = arena_strndup(a, room, (size_t)len);
    } else {
        s = arena_alloc(a, (size_t)len + 1);
        vsnprintf(s, (size_t)len + 1, format, again);
    }
    va_end(again);
    return s;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

void arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct cleanup *c = arena_make(a, struct cleanup);

    c->next = a->cleanups;
    c->fn = fn;
    c->arg = arg;
    a->cleanups = c;
}

static void free_under(void *arg)
{
    arena_free(arg);
}

struct arena *arena_under(struct arena *owner)
{
    struct arena *a = arena_new();

    arena_on_free(owner, free_under, a);
    return a;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
