/*
 * fuzz_yaml.c - any bytes: text -> value trees -> canonical dump.
 *
 * Beyond crashes it checks that what was read is whole: the canonical text
 * of a tree is JSON, so it must itself be read without a fault and give the
 * same tree.
 */
#include <stdint.h>
#include "base/bug.h"
#include "base/text.h"
#include "base/value.h"
#include "io/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DUMP_MAX 100000         /* bytes of a dump that is read again */
#define KEY_MAX 1000            /* libyaml reads no longer keys in flow style */

static size_t longest_key(const char *text, size_t len)
{
    size_t longest = 0, run = 0;

    for (size_t i = 0; i < len; i++) {
        run = text[i] == '"' && (i == 0 || text[i - 1] != '\\') ? 0 : run + 1;
        if (run > longest)
            longest = run;
    }
    return longest;
}

/* True if text holds what JSON allows as it is and YAML does not: U+0080 to
 * U+009F, the line breaks U+2028 and U+2029, U+FFFE, U+FFFF. */
static bool yaml_would_escape(const struct buf *b)
{
    uint32_t c;

    for (size_t i = 0; i < b->len;) {
        i += utf8_next(b->text + i, b->len - i, &c);
        if ((c >= 0x80 && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
            c == 0xFFFE || c == 0xFFFF)
            return true;
    }
    return false;
}

static void read_again(struct arena *a, const struct value *v,
                       const struct buf *dump)
{
    struct yaml_stream again;
    struct err_list errors;

    err_init(&errors, a);
    CHECK(yaml_load(a, "dump", dump->text, dump->len, false, &again,
                    &errors) == SIM_OK);
    CHECK(again.docs.len == 1);
    CHECK(value_equal(again.docs.items[0].root, v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct yaml_stream out;
    struct err_list errors;

    err_init(&errors, a);
    enum sim_code code = yaml_load(a, "fuzz", (const char *)data, size, false,
                                   &out, &errors);
    CHECK((code == SIM_OK) == (errors.errors == 0));
    for (size_t i = 0; code == SIM_OK && i < out.docs.len; i++) {
        struct buf dump = { 0 };
        value_canonical(&dump, out.docs.items[i].root);
        if (dump.len < DUMP_MAX && !yaml_would_escape(&dump) &&
            longest_key(dump.text, dump.len) < KEY_MAX)
            read_again(a, out.docs.items[i].root, &dump);
        buf_free(&dump);
    }
    arena_free(a);
    return 0;
}
