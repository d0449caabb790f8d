/* A built-in set of 28 x 28 digits: pen strokes, bent, slanted and scaled anew for each
 * picture. All of it is Philox draws and correctly rounded arithmetic in a fixed order, so a
 * seed gives the same bits on every machine. */
#include <inttypes.h>
#include <math.h>
#include <ockham/ops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

enum {
    SIDE = 28,
    CLASSES = 10,
    STYLES = 3,
    STROKES = 2,
    MAX_POINTS = 12
};

/* Points "xxyy" on a grid of 100, y down; the pen runs through them in a curve, and one that
 * is given twice is a corner. */
static const char *const glyphs[CLASSES][STYLES][STROKES] = {
    {{"6003 2512 0650 2290 5598 8682 9545 7810 4805"},
     {"4500 1522 0860 3097 6594 9058 8418 5001 3010"},
     {"3510 1240 1580 4899 8286 9248 7512 4504 2816"}},
    {{"5200 5050 4799"},
     {"2525 5502 5502 5250 5099"},
     {"2822 5402 5402 5250 5098", "2299 5298 8099"}},
    {{"1025 2505 6002 8522 7548 4075 0897 0897 5095 9596"},
     {"1222 4002 8012 8040 4575 1494 0882 2877 6093 9592"},
     {"1812 5001 8416 7842 5068 1095 1095 5599 9290"}},
    {{"1212 5001 8418 7240 4248 4248 8058 9080 5599 0888"},
     {"1205 5006 8504 8504 4542 4542 8558 8585 4599 0888"},
     {"1518 4501 8012 7636 4847 3550 6050 8866 7892 4299 1086"}},
    {{"2205 1052 1052 5055 9250", "7508 6850 6299"},
     {"7002 3834 0565 0565 5064 9563", "7002 6850 6599"},
     {"1508 1438 3054 6050 8434", "8605 8050 7499"}},
    {{"8503 2805 2805 2042 2042 5536 8858 7590 4099 0888"},
     {"3005 2242 2242 6038 8665 6895 1092", "3005 6004 9002"},
     {"8806 3404 3404 2644 2644 5846 8068 6094 1297"}},
    {{"7503 3525 1065 2896 6598 8675 6552 3058 1275"},
     {"6000 2840 1275 3598 7592 8066 5055 2070"},
     {"8508 4510 1542 1278 4599 8282 7055 3854 1668"}},
    {{"0808 5006 9004 9004 6250 4099"},
     {"0808 5006 9004 9004 6450 4299", "2852 5551 8247"},
     {"0824 1007 1007 5007 9005 9005 6046 5099"}},
    {{"8015 5001 1818 3542 7060 8582 5099 1582 3558 7038 8215"},
     {"5048 1828 5002 8225 5048 1275 5099 8875 5048"},
     {"7610 4202 2022 4544 7866 7094 3698 2076 5050 8028 7008"}},
    {{"8222 5002 1520 2248 5550 8425 8425 7860 6699"},
     {"8018 4003 1430 4052 8030 8030 8265 6097 2092"},
     {"7810 3804 1228 3452 7236 8012 8012 7055 4098"}},
};

/* ---- Chance ---- */

typedef struct chance {
    uint64_t seed;
    uint32_t counter[4], draw[4];
} chance;

/* Apart from the purposes of ock_purpose, since one seed may serve both. */
static chance dice_of(uint64_t seed, uint32_t subject, uint32_t set)
{
    return (chance){.seed = seed, .counter = {0, subject, set, 0x64696769}};
}

static uint32_t roll(chance *dice)
{
    uint32_t used = dice->counter[0]++ % 4;
    if (used == 0)
        ock_philox(dice->counter, dice->seed, dice->draw);
    return dice->draw[used];
}

static uint32_t below(chance *dice, uint32_t end)
{
    return (uint32_t)((uint64_t)roll(dice) * end >> 32);
}

static float uniform(chance *dice, float low, float high)
{
    return low + (high - low) * ((float)(roll(dice) >> 8) / 16777216.0f);
}

/* Roughly normal about 0, within +-spread, of standard deviation spread / 3. */
static float bell(chance *dice, float spread)
{
    float sum = 0;
    for (int i = 0; i < 3; i++)
        sum += uniform(dice, -spread, spread);
    return sum / 3;
}

/* ---- Pen ---- */

typedef struct handwriting {
    float matrix[2][2], shift[2]; /* from the grid, centred, to pixels */
    float wobble;                 /* of a point, in grid units */
    float radius, ink;
} handwriting;

/* A rotation by its half-angle's tangent needs no sine. One draw a statement: C leaves the
 * order within an expression open. */
static handwriting draw_hand(chance *dice)
{
    const float t = bell(dice, 0.22f);
    const float cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    const float slant = 0.12f + bell(dice, 0.5f);
    const float high = 0.2f * (1 + bell(dice, 0.25f));
    const float wide = high * (0.75f + bell(dice, 0.3f));
    handwriting hand = {.matrix = {{wide * cosine, -high * (sine + slant * cosine)},
                                   {wide * sine, high * (cosine - slant * sine)}}};
    hand.shift[0] = 13.5f + bell(dice, 2.5f);
    hand.shift[1] = 13.5f + bell(dice, 2.5f);
    hand.wobble = uniform(dice, 8, 26);
    hand.radius = uniform(dice, 0.3f, 1.6f);
    hand.ink = uniform(dice, 0.75f, 1.15f);
    return hand;
}

static int first_pixel(float x)
{
    return x <= 0 ? 0 : x >= SIDE ? SIDE : (int)x;
}

/* Darkens what lies within the pen's reach of the line from a to b, with a soft edge. */
static void draw_line(const handwriting *hand, const float a[2], const float b[2], float *picture)
{
    const float dx = b[0] - a[0], dy = b[1] - a[1], square = dx * dx + dy * dy;
    const float reach = hand->radius + 1;
    const int left = first_pixel(fminf(a[0], b[0]) - reach);
    const int right = first_pixel(fmaxf(a[0], b[0]) + reach + 1);
    const int top = first_pixel(fminf(a[1], b[1]) - reach);
    const int bottom = first_pixel(fmaxf(a[1], b[1]) + reach + 1);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            float px = (float)x - a[0], py = (float)y - a[1];
            float t = square > 0 ? (px * dx + py * dy) / square : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            px -= t * dx;
            py -= t * dy;
            float ink = (reach - sqrtf(px * px + py * py)) / 1.5f * hand->ink;
            if (ink > picture[y * SIDE + x])
                picture[y * SIDE + x] = ink;
        }
    }
}

/* Catmull and Rom's spline from p[1] to p[2]. */
static void spline(float p[4][2], float t, float at[2])
{
    for (int i = 0; i < 2; i++) {
        float a = p[1][i], b = p[2][i], from = (b - p[0][i]) / 2, to = (p[3][i] - a) / 2;
        float bend = 3 * (b - a) - 2 * from - to, twist = 2 * (a - b) + from + to;
        at[i] = a + t * (from + t * (bend + t * twist));
    }
}

static void draw_curve(const handwriting *hand, float points[][2], int count, float *picture)
{
    enum {
        PIECES = 6
    };
    for (int i = 0; i + 1 < count; i++) {
        float p[4][2], a[2], b[2];
        for (int j = 0; j < 4; j++) {
            int k = i + j - 1;
            memcpy(p[j], points[k < 0 ? 0 : k < count ? k : count - 1], sizeof p[j]);
        }
        spline(p, 0, a);
        for (int j = 1; j <= PIECES; j++) {
            spline(p, (float)j / PIECES, b);
            draw_line(hand, a, b, picture);
            memcpy(a, b, sizeof a);
        }
    }
}

static void draw_stroke(chance *dice, const handwriting *hand, const char *stroke, float *picture)
{
    float points[MAX_POINTS][2];
    int count = 0;
    for (const char *at = stroke; *at; at += at[4] ? 5 : 4, count++) {
        if (count && !strncmp(at, at - 5, 4)) {
            memcpy(points[count], points[count - 1], sizeof points[count]);
            continue;
        }
        float x = (float)((at[0] - '0') * 10 + (at[1] - '0') - 50) + bell(dice, hand->wobble);
        float y = (float)((at[2] - '0') * 10 + (at[3] - '0') - 50) + bell(dice, hand->wobble);
        for (int i = 0; i < 2; i++)
            points[count][i] = hand->matrix[i][0] * x + hand->matrix[i][1] * y + hand->shift[i];
    }
    draw_curve(hand, points, count, picture);
}

/* ---- Pictures ---- */

/* A stray line, as from the writing next to the digit. */
static void draw_stray(chance *dice, const handwriting *hand, float *picture)
{
    float points[2][2];
    for (int i = 0; i < 2; i++)
        points[0][i] = uniform(dice, 0, SIDE);
    for (int i = 0; i < 2; i++)
        points[1][i] = points[0][i] + bell(dice, 9);
    draw_line(hand, points[0], points[1], picture);
}

/* The grain of the ink, and 256 greys, as a scanner gives. The paper stays clean. */
static void add_grain(chance *dice, float *picture)
{
    const float grain = uniform(dice, 0, 0.6f);
    for (int i = 0; i < SIDE * SIDE; i++) {
        float ink = picture[i];
        if (ink > 0)
            ink *= 1 + bell(dice, grain);
        picture[i] = (float)(int)((ink < 1 ? ink : 1) * 255 + 0.5f) / 255;
    }
}

static void draw_digit(chance *dice, int digit, float *picture)
{
    const handwriting hand = draw_hand(dice);
    const char *const *strokes = glyphs[digit][below(dice, STYLES)];
    memset(picture, 0, SIDE * SIDE * sizeof *picture);
    for (int i = 0; i < STROKES && strokes[i]; i++)
        draw_stroke(dice, &hand, strokes[i], picture);
    if (below(dice, 12) == 0)
        draw_stray(dice, &hand, picture);
    add_grain(dice, picture);
}

/* Every ten pictures hold each digit once, so that any split of the set is balanced. */
static void draw_ten(chance *dice, int32_t labels[CLASSES])
{
    for (int32_t i = 0; i < CLASSES; i++) {
        uint32_t other = below(dice, (uint32_t)i + 1);
        labels[i] = labels[other];
        labels[other] = i;
    }
}

static ock_status draw_all(const input_request *request, pictures *out)
{
    enum {
        ORDER = 0,
        PICTURES = 1
    };
    const pictures_options *options = &request->options;
    const uint32_t set = 2 * options->test;
    int32_t ten[CLASSES];
    ock_status status = OCK_OK;
    for (size_t i = 0; i < options->count && status == OCK_OK; i++) {
        if (i % CLASSES == 0) {
            chance order = dice_of(options->seed, (uint32_t)i, set + ORDER);
            draw_ten(&order, ten);
        }
        chance dice = dice_of(options->seed, (uint32_t)i, set + PICTURES);
        out->labels[i] = ten[i % CLASSES];
        draw_digit(&dice, out->labels[i], out->x + i * SIDE * SIDE);
        status = request_tell(request, i + 1, options->count);
    }
    out->count = options->count;
    return status;
}

static int is_digits(const char *source, const struct stat *about)
{
    (void)about;
    return !strcmp(source, "digits");
}

static ock_status load(const input_request *request, pictures *out)
{
    const pictures_options *options = &request->options;
    if (options->count < 1 || options->count > UINT32_MAX)
        return request_fail(request, OCK_INVALID_ARGUMENT,
                            "digits: a count of %zu, expected 1 to %" PRIu32, options->count,
                            UINT32_MAX);
    if (options->classes < CLASSES)
        return request_fail(request, OCK_INVALID_ARGUMENT,
                            "digits: %d classes, but there are ten digits", options->classes);
    out->height = out->width = SIDE;
    ock_status status = pictures_reserve(request, options->count, out);
    if (status == OCK_OK)
        status = draw_all(request, out);
    snprintf(out->description, sizeof out->description,
             "%zu built-in %sdigits of %d x %d, seed %" PRIu64, out->count,
             options->test ? "test " : "", SIDE, SIDE, options->seed);
    return status;
}

const input_reader digits_reader = {is_digits, load, CLASSES};
