/*
 * lex.c - tokens of PromQL. What a character means depends on whether braces or brackets are open:
 * inside braces words are never keywords, inside brackets there are durations and arithmetic.
 *
 * Upstream: promql/parser/lex.go.
 */
#include "promql/lex.h"

enum { END_OF_TEXT = -1 };

/* Keywords and operators; a keyword is met in any case. */
static const struct {
    uint8_t kind;
    const char *name;
} names[] = {
    {TOKEN_AND, "and"},
    {TOKEN_OR, "or"},
    {TOKEN_UNLESS, "unless"},
    {TOKEN_ATAN2, "atan2"},
    {TOKEN_SUM, "sum"},
    {TOKEN_AVG, "avg"},
    {TOKEN_COUNT, "count"},
    {TOKEN_MIN, "min"},
    {TOKEN_MAX, "max"},
    {TOKEN_GROUP, "group"},
    {TOKEN_STDDEV, "stddev"},
    {TOKEN_STDVAR, "stdvar"},
    {TOKEN_TOPK, "topk"},
    {TOKEN_BOTTOMK, "bottomk"},
    {TOKEN_COUNT_VALUES, "count_values"},
    {TOKEN_QUANTILE, "quantile"},
    {TOKEN_LIMITK, "limitk"},
    {TOKEN_LIMIT_RATIO, "limit_ratio"},
    {TOKEN_OFFSET, "offset"},
    {TOKEN_ANCHORED, "anchored"},
    {TOKEN_SMOOTHED, "smoothed"},
    {TOKEN_BY, "by"},
    {TOKEN_WITHOUT, "without"},
    {TOKEN_ON, "on"},
    {TOKEN_IGNORING, "ignoring"},
    {TOKEN_GROUP_LEFT, "group_left"},
    {TOKEN_GROUP_RIGHT, "group_right"},
    {TOKEN_FILL, "fill"},
    {TOKEN_FILL_LEFT, "fill_left"},
    {TOKEN_FILL_RIGHT, "fill_right"},
    {TOKEN_BOOL, "bool"},
    {TOKEN_START, "start"},
    {TOKEN_FINISH, "end"},
    {TOKEN_STEP, "step"},
    {TOKEN_RANGE, "range"},
    {TOKEN_MAX_OF, "max_of"},
    {TOKEN_MIN_OF, "min_of"},
    {TOKEN_NUMBER, "inf"},
    {TOKEN_NUMBER, "nan"},
    {TOKEN_ADD, "+"},
    {TOKEN_SUB, "-"},
    {TOKEN_MUL, "*"},
    {TOKEN_DIV, "/"},
    {TOKEN_MOD, "%"},
    {TOKEN_POW, "^"},
    {TOKEN_EQ, "=="},
    {TOKEN_NEQ, "!="},
    {TOKEN_LT, "<"},
    {TOKEN_LE, "<="},
    {TOKEN_GT, ">"},
    {TOKEN_GE, ">="},
    {TOKEN_TRIM_UPPER, "</"},
    {TOKEN_TRIM_LOWER, ">/"},
};

const char *weir__pq_token_name(enum token_kind kind)
{
    if (kind == TOKEN_NUMBER) {
        return "";
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].kind == kind) {
            return names[i].name;
        }
    }
    return "";
}

/* ---- characters ----------------------------------------------------------------------------- */

static bool is_space(int32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(int32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(int32_t c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(int32_t c, const char *set)
{
    return c > 0 && c < 0x80 && strchr(set, c) != NULL;
}

static int32_t peek(const struct lexer *l)
{
    return l->at < l->source.length ? (unsigned char)l->source.at[l->at] : END_OF_TEXT;
}

/* Takes the next rune. */
static int32_t advance(struct lexer *l)
{
    int width;
    int32_t rune;

    if (l->at >= l->source.length) {
        return END_OF_TEXT;
    }
    rune = weir__pq_rune_read(l->source.at + l->at, l->source.length - l->at, &width);
    l->at += (uint32_t)width;
    return rune;
}

static bool accept(struct lexer *l, const char *set)
{
    if (!is_one_of(peek(l), set)) {
        return false;
    }
    l->at++;
    return true;
}

/* ---- tokens --------------------------------------------------------------------------------- */

static struct text so_far(const struct lexer *l)
{
    return (struct text){l->source.at + l->start, l->at - l->start};
}

static struct token emit(struct lexer *l, enum token_kind kind)
{
    struct token token = {(uint8_t)kind, l->start, so_far(l)};

    l->start = l->at;
    return token;
}

static struct token problem(struct lexer *l, const char *what, struct text quoted)
{
    struct sink sink = {l->problem, sizeof l->problem, 0};
    struct token token = {TOKEN_ERROR, l->start, {l->source.at + l->start, 0}};

    sink_string(&sink, what);
    if (quoted.length > 0) {
        weir__pq_sink_quoted(&sink, quoted);
    }
    weir__pq_sink_close(&sink);
    return token;
}

/* A problem with the character that was read last, from `from` on. */
static struct token unexpected(struct lexer *l, const char *what, uint32_t from)
{
    if (from >= l->source.length) {
        return problem(l, "unexpected end of input", TEXT(""));
    }
    return problem(l, what, (struct text){l->source.at + from, l->at - from});
}

/* ---- numbers and durations ------------------------------------------------------------------ */

static bool at_word(const struct lexer *l)
{
    return is_alpha(peek(l)) || is_digit(peek(l));
}

/*
 * A number as far as it looks like one; the parser reads its value. At most one point and one
 * exponent, neither after the other's sign nor after an underscore.
 */
static bool scan_number(struct lexer *l)
{
    const char *digits = "0123456789";
    bool hexadecimal = false, point = false, exponent = false;
    uint32_t from = l->at;

    if (accept(l, "0") && accept(l, "xX")) {
        accept(l, "_");
        digits = "0123456789abcdefABCDEF";
        hexadecimal = true;
    }
    accept(l, ".");
    accept(l, digits);
    while (is_one_of(peek(l), digits) || is_one_of(peek(l), "._eE")) {
        if ((peek(l) == '.' && point) || (is_one_of(peek(l), "eE") && exponent)) {
            l->at++;
            return false;
        }
        if (accept(l, ".")) {
            point = true;
            if (accept(l, "_.") || hexadecimal) {
                return false;
            }
        } else if (accept(l, "eE")) {
            exponent = true;
            accept(l, "+-");
            if (accept(l, "._eE") || peek(l) == END_OF_TEXT) {
                return false;
            }
        } else if (accept(l, "_")) {
            if (accept(l, "._eE") || peek(l) == END_OF_TEXT) {
                return false;
            }
        } else {
            while (accept(l, digits)) {
            }
        }
    }
    return l->at > from && !at_word(l);
}

/* Behind the first digits of a duration: its unit, and more digits with units. */
static bool scan_duration(struct lexer *l)
{
    const char *units = "smhdwy";

    for (;;) {
        if (!accept(l, units)) {
            return false;
        }
        accept(l, "s"); /* of ms; others are refused when the duration is read */
        if (!accept(l, "0123456789")) {
            return !at_word(l);
        }
        while (accept(l, "0123456789")) {
        }
        units = "smhdw";
    }
}

static struct token number_or_duration(struct lexer *l)
{
    l->state = LEX_STATEMENTS;
    if (scan_number(l)) {
        return emit(l, TOKEN_NUMBER);
    }
    if (scan_duration(l)) {
        return emit(l, TOKEN_DURATION);
    }
    return problem(l, "bad number or duration syntax: ", so_far(l));
}

/* ---- strings -------------------------------------------------------------------------------- */

/* An escape after its backslash; gives NULL or what is wrong. */
static const char *scan_escape(struct lexer *l, int32_t quote)
{
    int32_t c = advance(l);
    uint32_t base = 16, most = RUNE_MAX, value = 0;
    int digits;

    if (c == quote || is_one_of(c, "abfnrtv\\")) {
        return NULL;
    }
    if (c == END_OF_TEXT) {
        return "escape sequence not terminated";
    }
    if (c >= '0' && c <= '7') {
        digits = 3;
        base = 8;
        most = 255;
    } else if (c == 'x' || c == 'u' || c == 'U') {
        digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        most = c == 'x' ? 255 : RUNE_MAX;
        c = advance(l);
    } else {
        return "unknown escape sequence";
    }
    for (; digits > 0; digits--) {
        uint32_t digit = 16;

        if (is_digit(c)) {
            digit = (uint32_t)(c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        }
        if (digit >= base) {
            return c == END_OF_TEXT ? "escape sequence not terminated"
                                    : "illegal character in escape sequence";
        }
        value = value * base + digit;
        c = digits > 1 ? advance(l) : c;
    }
    return value > most || (value >= 0xD800 && value < 0xE000)
               ? "escape sequence is an invalid Unicode code point"
               : NULL;
}

static struct token string(struct lexer *l, int32_t quote)
{
    bool raw = quote == '`';

    l->state = LEX_STATEMENTS;
    for (;;) {
        int32_t c = advance(l);

        if (c == quote) {
            return emit(l, TOKEN_STRING);
        }
        if (c == END_OF_TEXT || (c == '\n' && !raw)) {
            return problem(l, raw ? "unterminated raw string" : "unterminated quoted string",
                           TEXT(""));
        }
        if (c == RUNE_ERROR) { /* also where it is written out, as upstream */
            return problem(l, "invalid UTF-8 rune", TEXT(""));
        }
        if (c == '\\' && !raw) {
            const char *wrong = scan_escape(l, quote);

            if (wrong != NULL) {
                return problem(l, wrong, TEXT(""));
            }
        }
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool same_word(struct text word, const char *name)
{
    uint32_t i = 0;

    for (; i < word.length && name[i] != '\0'; i++) {
        char c = word.at[i];

        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != name[i]) {
            return false;
        }
    }
    return i == word.length && name[i] == '\0';
}

static bool paren_follows(const struct lexer *l)
{
    uint32_t at = l->at;

    while (at < l->source.length && is_space((unsigned char)l->source.at[at])) {
        at++;
    }
    return at < l->source.length && l->source.at[at] == '(';
}

static struct token word(struct lexer *l)
{
    bool colon = false;
    struct text text;

    while (at_word(l) || peek(l) == ':') {
        colon = colon || peek(l) == ':';
        l->at++;
    }
    text = so_far(l);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && text.length <= 12; i++) {
        if (same_word(text, names[i].name)) {
            bool fill = names[i].kind >= TOKEN_FILL && names[i].kind <= TOKEN_FILL_RIGHT;

            return emit(l, fill && !paren_follows(l) ? TOKEN_IDENTIFIER : names[i].kind);
        }
    }
    return emit(l, colon ? TOKEN_METRIC : TOKEN_IDENTIFIER);
}

/* A keyword that durations know; its first letter was read. TOKEN_ERROR when it is none. */
static struct token duration_word(struct lexer *l, uint32_t from, const char *what)
{
    static const uint8_t kinds[] = {TOKEN_STEP, TOKEN_RANGE, TOKEN_MAX_OF, TOKEN_MIN_OF};
    uint32_t first = l->at;

    if (is_one_of(l->source.at[from] | 0x20, "srm")) {
        while (is_alpha(peek(l))) {
            l->at++;
        }
        for (size_t i = 0; i < sizeof kinds; i++) {
            if (same_word(so_far(l), weir__pq_token_name(kinds[i]))) {
                return emit(l, kinds[i]);
            }
        }
    }
    l->at = first;
    return unexpected(l, what, from);
}

/* ---- states --------------------------------------------------------------------------------- */

static struct token close_paren(struct lexer *l)
{
    struct token token = emit(l, TOKEN_RIGHT_PAREN);

    return --l->parens < 0 ? problem(l, "unexpected right parenthesis ", TEXT(")")) : token;
}

static struct token open_paren(struct lexer *l)
{
    l->parens++;
    return emit(l, TOKEN_LEFT_PAREN);
}

static struct token close_bracket(struct lexer *l)
{
    l->bracket = false;
    return emit(l, TOKEN_RIGHT_BRACKET);
}

/* Operators of arithmetic, which all states outside of braces know. TOKEN_END for others. */
static enum token_kind arithmetic(int32_t c)
{
    switch (c) {
    case '+': return TOKEN_ADD;
    case '-': return TOKEN_SUB;
    case '*': return TOKEN_MUL;
    case '/': return TOKEN_DIV;
    case '%': return TOKEN_MOD;
    case '^': return TOKEN_POW;
    case ',': return TOKEN_COMMA;
    default: return TOKEN_END;
    }
}

static struct token in_duration(struct lexer *l)
{
    uint32_t from;
    int32_t c;

    while (is_space(peek(l))) {
        l->at++;
    }
    l->start = from = l->at;
    c = advance(l);
    if (c == END_OF_TEXT) {
        return problem(l, "unexpected end of input in duration expression", TEXT(""));
    }
    if (arithmetic(c) != TOKEN_END) {
        return emit(l, arithmetic(c));
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(l)))) {
        l->at = from;
        l->duration = true;
        return number_or_duration(l);
    }
    switch (c) {
    case ']':
        l->colon = false;
        l->state = LEX_STATEMENTS;
        return close_bracket(l);
    case ':': {
        struct token token = emit(l, TOKEN_COLON);

        if (!l->duration || l->colon) {
            return problem(l, "unexpected colon in duration expression", TEXT(""));
        }
        l->colon = true;
        return token;
    }
    case '(': return open_paren(l);
    case ')': return close_paren(l);
    default: break;
    }
    l->duration = true;
    return duration_word(l, from, "unexpected character in duration expression: ");
}

static struct token in_braces(struct lexer *l, int32_t c, uint32_t from)
{
    switch (c) {
    case END_OF_TEXT: return problem(l, "unexpected end of input inside braces", TEXT(""));
    case ',': return emit(l, TOKEN_COMMA);
    case '"':
    case '\'':
    case '`': return string(l, c);
    case '=': return emit(l, accept(l, "~") ? TOKEN_MATCH : TOKEN_EQUAL);
    case '!':
        if (accept(l, "~")) {
            return emit(l, TOKEN_NOT_MATCH);
        }
        if (accept(l, "=")) {
            return emit(l, TOKEN_NEQ);
        }
        from = l->at;
        advance(l);
        return unexpected(l, "unexpected character after '!' inside braces: ", from);
    case '}': l->brace = false; return emit(l, TOKEN_RIGHT_BRACE);
    default: break;
    }
    if (is_alpha(c)) {
        while (at_word(l)) {
            l->at++;
        }
        return emit(l, TOKEN_IDENTIFIER);
    }
    return unexpected(l, "unexpected character inside braces: ", from);
}

static struct token equal_or_not(struct lexer *l, int32_t c)
{
    uint32_t from = l->at;

    if (accept(l, "=")) {
        return emit(l, c == '=' ? TOKEN_EQ : TOKEN_NEQ);
    }
    if (c == '=' && peek(l) != '~') {
        return emit(l, TOKEN_EQUAL);
    }
    advance(l);
    return unexpected(
        l,
        c == '=' ? "unexpected character after '=': " : "unexpected character after '!': ", from);
}

static struct token end_of_text(struct lexer *l)
{
    if (l->parens != 0) {
        return problem(l, "unclosed left parenthesis", TEXT(""));
    }
    if (l->bracket) {
        return problem(l, "unclosed left bracket", TEXT(""));
    }
    return emit(l, TOKEN_END);
}

/* A word or a colon: inside brackets only what durations have. */
static struct token name_or_colon(struct lexer *l, int32_t c, uint32_t from)
{
    if (!l->bracket) {
        l->at = from;
        return word(l);
    }
    if (c != ':') {
        return duration_word(l, from, "unexpected character: ");
    }
    if (l->colon) {
        return unexpected(l, "unexpected colon ", from);
    }
    l->colon = true;
    return emit(l, TOKEN_COLON);
}

static struct token in_statement(struct lexer *l, int32_t c, uint32_t from)
{
    if (arithmetic(c) != TOKEN_END) {
        return emit(l, arithmetic(c));
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(l)))) {
        l->at = from;
        return number_or_duration(l);
    }
    if (is_alpha(c) || c == ':') {
        return name_or_colon(l, c, from);
    }
    switch (c) {
    case END_OF_TEXT: return end_of_text(l);
    case '=':
    case '!': return equal_or_not(l, c);
    case '<':
        return emit(l, accept(l, "=") ? TOKEN_LE : accept(l, "/") ? TOKEN_TRIM_UPPER : TOKEN_LT);
    case '>':
        return emit(l, accept(l, "=") ? TOKEN_GE : accept(l, "/") ? TOKEN_TRIM_LOWER : TOKEN_GT);
    case '"':
    case '\'':
    case '`': return string(l, c);
    case '(': return open_paren(l);
    case ')': return close_paren(l);
    case '{': l->brace = true; return emit(l, TOKEN_LEFT_BRACE);
    case '[':
        if (l->bracket) {
            return unexpected(l, "unexpected left bracket ", from);
        }
        l->bracket = true;
        l->colon = l->duration = false;
        l->state = LEX_DURATION;
        return emit(l, TOKEN_LEFT_BRACKET);
    case ']':
        return l->bracket ? close_bracket(l) : unexpected(l, "unexpected right bracket ", from);
    case '@': return emit(l, TOKEN_AT);
    default: return unexpected(l, "unexpected character: ", from);
    }
}

void weir__pq_lex_open(struct lexer *lexer, struct text source)
{
    memset(lexer, 0, sizeof *lexer);
    lexer->source = source;
}

struct token weir__pq_lex_next(struct lexer *l)
{
    uint32_t from;
    int32_t c;

    if (l->state == LEX_DURATION) {
        return in_duration(l);
    }
    for (;;) { /* blanks and comments */
        if (is_space(peek(l))) {
            l->at++;
        } else if (peek(l) == '#') {
            while (peek(l) != END_OF_TEXT && peek(l) != '\n' && peek(l) != '\r') {
                l->at++;
            }
        } else {
            break;
        }
    }
    l->start = from = l->at;
    c = advance(l);
    return l->brace ? in_braces(l, c, from) : in_statement(l, c, from);
}
