/*
 * job_index.c - sets of completion indexes of Indexed Jobs.
 *
 * Source: kubernetes pkg/controller/job/indexed_job_utils.go at v1.36.2: the
 * text form joins two neighbours by a comma and three or more by a dash.
 */
#include <stdlib.h>

#include "base/text.h"
#include "models/jobs.h"

#define WORD 64

struct index_set index_set_make(struct arena *a, int n)
{
    size_t words = (size_t)(n + WORD - 1) / WORD;

    return (struct index_set){ n, arena_many(a, uint64_t, words) };
}

void index_set_clear(struct index_set *s)
{
    for (int i = 0; i < (s->size + WORD - 1) / WORD; i++)
        s->words[i] = 0;
}

void index_set_add(struct index_set *s, int i)
{
    if (i >= 0 && i < s->size)
        s->words[i / WORD] |= UINT64_C(1) << (i % WORD);
}

bool index_set_has(const struct index_set *s, int i)
{
    return i >= 0 && i < s->size &&
           (s->words[i / WORD] >> (i % WORD) & 1) != 0;
}

int index_set_len(const struct index_set *s)
{
    int n = 0;

    for (int i = 0; i < s->size; i++)
        n += index_set_has(s, i);
    return n;
}

const char *index_set_text(struct arena *a, const struct index_set *s)
{
    struct buf out = { 0 };
    const char *text;

    for (int i = 0, last; i < s->size; i = last + 1) {
        last = i;
        if (!index_set_has(s, i))
            continue;
        while (index_set_has(s, last + 1))
            last++;
        buf_printf(&out, "%s%d", out.len ? "," : "", i);
        if (last > i)
            buf_printf(&out, "%c%d", last > i + 1 ? '-' : ',', last);
    }
    text = arena_strdup(a, out.text ? out.text : "");
    buf_free(&out);
    return text;
}

void index_set_read(struct index_set *s, const char *text)
{
    char *end;

    while (text && *text) {
        long from = strtol(text, &end, 10), to = from;

        if (end == text)
            return;
        if (*end == '-')
            to = strtol(end + 1, &end, 10);
        for (long i = from; i <= to && i < s->size; i++)
            index_set_add(s, (int)i);
        text = *end == ',' ? end + 1 : end;
    }
}

size_t index_set_missing(const struct index_set *a, const struct index_set *b,
                         size_t most, int *out)
{
    size_t n = 0;

    for (int i = 0; i < a->size && n < most; i++)
        if (!index_set_has(a, i) && !(b && index_set_has(b, i)))
            out[n++] = i;
    return n;
}
