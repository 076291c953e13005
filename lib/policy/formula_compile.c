/*
 * policy/formula_compile.c - a formula from its text to its code.
 *
 * Upstream: KEDA apis/keda/v1alpha1 (the wrapping, and the run with every trigger at -1 that
 * decides whether a formula is let in); expr's compiler.
 */
#include "policy/formula_compile.h"
#include "base/text.h"

static const char some_before[] = "let _kedaCompositeResult = (";
static const char some_after[] =
    "); _kedaCompositeResult == nil ? nil : float(_kedaCompositeResult)";
static const char plain_before[] = "float(";
static const char plain_after[] = ")";

enum { WRAPPING = sizeof some_before + sizeof some_after };

/* ---- wrapping ------------------------------------------------------------------------------- */

static int begins_with(const char *text, size_t length, const char *with)
{
    size_t n = weir__length(with);

    return length >= n && weir__same_bytes(text, with, n);
}

static int has_coalescing(const char *text, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (text[i] == '?' && text[i + 1] == '?') {
            return 1;
        }
    }
    return 0;
}

/* What is to stand before and behind a formula. */
static void wrapping_of(const char *text, size_t length, const char **before, const char **after)
{
    *before = *after = "";
    if (has_coalescing(text, length)) {
        if (!begins_with(text, length, "let _kedaCompositeResult =")) {
            *before = some_before;
            *after = some_after;
        }
    } else if (!begins_with(text, length, "float(")) {
        *before = plain_before;
        *after = plain_after;
    }
}

weir_status weir_formula_wrap(const char *text, size_t length, char *wrapped, size_t capacity,
                              size_t *need)
{
    const char *before, *after;
    struct weir__text out;

    if ((text == NULL && length > 0) || (wrapped == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    wrapping_of(text, length, &before, &after);
    weir__text_open(&out, wrapped, capacity);
    weir__text_str(&out, before);
    for (size_t i = 0; i < length; i++) {
        weir__text_char(&out, text[i]);
    }
    weir__text_str(&out, after);
    return weir__text_close(&out, need);
}

/* ---- code ----------------------------------------------------------------------------------- */

int weir__emit(struct weir__compiler *c, enum weir__op op, int32_t a, int32_t b, int32_t effect,
               uint32_t place)
{
    if (c->status != WEIR_OK) {
        return 0;
    }
    if (c->code_count == c->code_capacity) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "is longer than weir has room for");
    }
    c->depth = (uint32_t)((int32_t)c->depth + effect);
    if (c->depth > WEIR__STACK - 2) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "holds more values at once than weir can");
    }
    c->code[c->code_count].op = (uint16_t)op;
    c->code[c->code_count].a = (uint16_t)a;
    c->code[c->code_count].b = b;
    c->places[c->code_count++] = (uint16_t)place;
    return 1;
}

int weir__emit_constant(struct weir__compiler *c, const struct weir__value *value, uint32_t place)
{
    int64_t bits = value->as.i;

    if (value->kind == WEIR__TEXT) {
        return weir__emit(c, OP_TEXT, (int32_t)value->length, (int32_t)value->as.i, 1, place);
    }
    if (value->kind == WEIR__BOOL) {
        return weir__emit(c, OP_BOOL, 0, (int32_t)value->as.i, 1, place);
    }
    if (c->constant_count == c->constant_capacity) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "has more numbers than weir has room for");
    }
    if (value->kind == WEIR__FLOAT) {
        bits = (int64_t)weir__bits(value->as.f);
    }
    c->constants[c->constant_count++] = bits;
    return weir__emit(c, value->kind == WEIR__FLOAT ? OP_FLOAT : OP_INT, 0,
                      (int32_t)c->constant_count - 1, 1, place);
}

void weir__patch(struct weir__compiler *c, uint32_t from)
{
    c->code[from].b = (int32_t)(c->code_count - from) - 1;
}

/* ---- the block ------------------------------------------------------------------------------ */

struct layout {
    size_t wrapped, capacity; /* bytes of the text; instructions */
    size_t constants_at, code_at, places_at, wrapped_at, texts_at, bytes;
};

static void lay_out(size_t length, struct layout *l)
{
    l->wrapped = length + WRAPPING;
    l->capacity = 4 * length + 64;
    l->constants_at = sizeof(weir_formula);
    l->code_at = l->constants_at + (length + 16) * sizeof(int64_t);
    l->places_at = l->code_at + l->capacity * sizeof(struct weir__instruction);
    l->wrapped_at = l->places_at + l->capacity * sizeof(uint16_t);
    l->texts_at = l->wrapped_at + l->wrapped;
    l->bytes = weir__round_up8(l->texts_at + l->wrapped);
}

size_t weir_formula_bytes(size_t length)
{
    struct layout l;

    if (length >= WEIR_FORMULA_TEXT_MAX) {
        return 0;
    }
    lay_out(length, &l);
    return l.bytes;
}

size_t weir_formula_size(const weir_formula *formula)
{
    return weir__block_is(formula, WEIR_KIND_FORMULA) ? (size_t)formula->block.bytes : 0;
}

/* Moves all parts together, so that the formula takes no more than it needs. */
static void close_up(struct weir__compiler *c)
{
    weir_formula *f = c->formula;
    uint8_t *base = (uint8_t *)f;
    size_t at = f->constants_at + c->constant_count * sizeof(int64_t);
    size_t code = c->code_count * sizeof *c->code, places = c->code_count * sizeof *c->places;

    memmove(base + at, base + f->code_at, code);
    f->code_at = (uint32_t)at;
    at += code;
    memmove(base + at, base + f->places_at, places);
    f->places_at = (uint32_t)at;
    at += places;
    memmove(base + at, base + f->wrapped_at, f->wrapped_length);
    f->wrapped_at = (uint32_t)at;
    at += f->wrapped_length;
    memmove(base + at, base + f->texts_at, c->texts_length);
    f->texts_at = (uint32_t)at;
    f->texts_length = c->texts_length;
    f->code_count = c->code_count;
    f->block.bytes = weir__round_up8(at + c->texts_length);
    memset(base + at + c->texts_length, 0, (size_t)f->block.bytes - at - c->texts_length);
}

static void open_block(struct weir__compiler *c, const char *text, size_t length,
                       const struct layout *l)
{
    weir_formula *f = c->formula;
    const char *before, *after;

    memset(f, 0, l->bytes);
    wrapping_of(text, length, &before, &after);
    f->name_count = c->name_count;
    f->prefix = (uint32_t)weir__length(before);
    f->constants_at = (uint32_t)l->constants_at;
    f->code_at = (uint32_t)l->code_at;
    f->places_at = (uint32_t)l->places_at;
    f->wrapped_at = (uint32_t)l->wrapped_at;
    f->texts_at = (uint32_t)l->texts_at;
    f->wrapped_length = (uint32_t)(weir__length(before) + length + weir__length(after));
    memcpy((char *)f + f->wrapped_at, before, weir__length(before));
    memcpy((char *)f + f->wrapped_at + f->prefix, text, length);
    memcpy((char *)f + f->wrapped_at + f->prefix + length, after, weir__length(after));
    c->text = (const char *)f + f->wrapped_at;
    c->length = f->wrapped_length;
    c->constants = (int64_t *)(void *)((uint8_t *)f + f->constants_at);
    c->constant_capacity = (uint32_t)length + 16;
    c->code = (struct weir__instruction *)(void *)((uint8_t *)f + f->code_at);
    c->code_capacity = (uint32_t)l->capacity;
    c->places = (uint16_t *)(void *)((uint8_t *)f + f->places_at);
    c->texts = (char *)f + f->texts_at;
    c->texts_capacity = (uint32_t)l->wrapped;
}

static weir_status try_it(weir_formula *f, weir_error *err)
{
    double values[WEIR_FORMULA_NAMES_MAX];
    weir_formula_result result;
    weir_status status;

    for (size_t i = 0; i < WEIR_FORMULA_NAMES_MAX; i++) {
        values[i] = -1.0;
    }
    status = weir_formula_eval(f, values, 0, &result, err);
    if (status != WEIR_OK && err != NULL) {
        char message[sizeof err->message];
        struct weir__text text;

        memcpy(message, err->message, sizeof message);
        weir__text_open(&text, err->message, sizeof err->message);
        weir__text_str(&text, message);
        weir__text_str(&text, ", with every trigger at -1");
    }
    return status;
}

weir_status weir_formula_compile(weir_formula *formula, size_t bytes, const char *text,
                                 size_t length, const char *const *names, uint32_t name_count,
                                 weir_error *err)
{
    struct weir__compiler c;
    struct weir__operand result;
    struct layout l;

    if (!weir__aligned(formula) || text == NULL || (names == NULL && name_count > 0)) {
        return weir__fail(err, WEIR_E_ARG, "", "the block is NULL or not 8-byte aligned");
    }
    if (length >= WEIR_FORMULA_TEXT_MAX || name_count > WEIR_FORMULA_NAMES_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "", "is longer than weir has room for");
    }
    lay_out(length, &l);
    if (bytes < l.bytes) {
        return weir__fail(err, WEIR_E_SPACE, "", "the block is smaller than asked for");
    }
    memset(&c, 0, sizeof c);
    c.formula = formula;
    c.names = names;
    c.name_count = name_count;
    c.err = err;
    open_block(&c, text, length, &l);
    if (length == 0) {
        return weir__fail(err, WEIR_E_PARSE, "", "expected a formula, got nothing");
    }
    if (weir__lex(&c) && weir__parse_sequence(&c, &result) && c.token.kind != TOKEN_END) {
        weir__unexpected(&c, "an operator");
    }
    if (c.status == WEIR_OK) {
        weir__emit(&c, OP_RETURN, 0, 0, 0, c.token.from);
    }
    if (c.status != WEIR_OK) {
        memset(&formula->block, 0, sizeof formula->block);
        return c.status;
    }
    weir__block_set(&formula->block, WEIR_KIND_FORMULA, l.bytes);
    close_up(&c);
    c.status = try_it(formula, err);
    if (c.status != WEIR_OK) {
        memset(&formula->block, 0, sizeof formula->block);
    }
    return c.status;
}
