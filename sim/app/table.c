/*
 * table.c - texts in columns, and sentences in lines.
 */
#include "app/table.h"
#include <string.h>
#include "base/text.h"

static void pad(FILE *out, const char *text, int width)
{
    int used = display_width(text, strlen(text));

    fputs(text, out);
    for (; used < width; used++)
        fputc(' ', out);
}

struct table table_new(struct arena *a, size_t columns, size_t rows)
{
    return (struct table){ a, columns, 0,
                           arena_many(a, const char *, columns * rows),
                           arena_many(a, int, columns) };
}

void table_put(struct table *t, size_t column, const char *text)
{
    int used = display_width(text, strlen(text));

    t->cells[t->rows * t->columns + column] = text;
    if (used > t->width[column])
        t->width[column] = used;
}

const char *table_pad(struct arena *a, const char *text, int width)
{
    int used = display_width(text, strlen(text));

    return arena_printf(a, "%s%*s", text, used < width ? width - used : 0, "");
}

/* Columns that fit into a line, beginning with `from`. */
static size_t fitting(const struct table *t, size_t from)
{
    int used = 2 + t->width[0];
    size_t n = 0;

    while (from + n < t->columns &&
           (n == 0 || used + 3 + t->width[from + n] <= TABLE_WIDTH)) {
        used += 3 + t->width[from + n];
        n++;
    }
    return n;
}

static void print_row(const struct table *t, FILE *out, size_t row,
                      size_t from, size_t n)
{
    const char *const *cells = t->cells + row * t->columns;

    while (n > 0 && cells[from + n - 1][0] == '\0')
        n--;                    /* no blanks at the end of a line */
    fputs("  ", out);
    pad(out, cells[0], n > 0 ? t->width[0] : 0);
    for (size_t c = from; c < from + n; c++) {
        fputs("   ", out);
        if (c + 1 < from + n)
            pad(out, cells[c], t->width[c]);
        else
            fputs(cells[c], out);
    }
    fputc('\n', out);
}

void table_print(const struct table *t, FILE *out)
{
    for (size_t from = 1; from < t->columns;) {
        size_t n = fitting(t, from);

        for (size_t r = 0; r < t->rows; r++)
            print_row(t, out, r, from, n);
        fputc('\n', out);
        from += n;
    }
}

const char *names_text(struct arena *a, const char *const *names, size_t n)
{
    const char *text = names[0];

    for (size_t i = 1; i < n; i++)
        text = arena_printf(a, "%s%s%s", text, i + 1 < n ? ", " : " and ",
                            names[i]);
    return text;
}

void print_filled(FILE *out, const char *text, int indent)
{
    int used = 0;

    for (size_t len; *text; text += len + (text[len] == ' ')) {
        int width;

        len = strcspn(text, " ");
        width = display_width(text, len);
        if (used > indent && used + 1 + width > TABLE_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            used = indent;
        } else if (used > 0) {
            fputc(' ', out);
            used++;
        }
        fwrite(text, 1, len, out);
        used += width;
    }
    fputc('\n', out);
}
