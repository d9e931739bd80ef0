/* The slow twins: plain loops from the definitions, in double precision. */
#include "check.h"
#include <math.h>
#include <string.h>

int64_t check_size(const check_shape *shape, int axis) {
  int64_t size = axis ? shape->w : shape->h, extent = shape->dilation * (shape->kernel[axis] - 1) + 1;
  return (size + shape->pad_low[axis] + shape->pad_high[axis] - extent) / shape->stride + 1;
}

int64_t check_transposed_size(const check_shape *shape, int axis) {
  int64_t size = axis ? shape->w : shape->h, extent = shape->dilation * (shape->kernel[axis] - 1) + 1;
  return (size - 1) * shape->stride + extent - shape->pad_low[axis] - shape->pad_high[axis];
}

cdnn_window check_window(const check_shape *shape) {
  cdnn_window window;
  for (int axis = 0; axis < 2; axis++) {
    window.stride[axis] = shape->stride;
    window.dilation[axis] = shape->dilation;
    window.pad_low[axis] = shape->pad_low[axis];
    window.pad_high[axis] = shape->pad_high[axis];
    window.kernel[axis] = shape->kernel[axis];
  }
  return window;
}

/* Where the window's element `k` lies for result `o`. */
static int64_t tap(const check_shape *shape, int axis, int64_t o, int64_t k) {
  return o * shape->stride - shape->pad_low[axis] + k * shape->dilation;
}

void check_convolve(const check_shape *shape, check_mode mode, const float *a, const float *b, double *out) {
  int64_t oh = check_size(shape, 0), ow = check_size(shape, 1), kh = shape->kernel[0], kw = shape->kernel[1];
  int64_t inputs = shape->c / shape->groups, outputs = shape->k / shape->groups;
  int64_t counts[] = {shape->n * shape->k * oh * ow, shape->n * shape->c * shape->h * shape->w,
                      shape->k * inputs * kh * kw};
  memset(out, 0, (size_t)counts[mode] * sizeof *out);
  for (int64_t n = 0; n < shape->n; n++)
    for (int64_t k = 0; k < shape->k; k++)
      for (int64_t o = 0; o < oh * ow; o++)
        for (int64_t c = 0; c < inputs; c++)
          for (int64_t t = 0; t < kh * kw; t++) {
            int64_t y = tap(shape, 0, o / ow, t / kw), x = tap(shape, 1, o % ow, t % kw);
            if (y < 0 || y >= shape->h || x < 0 || x >= shape->w)
              continue;
            int64_t src = ((n * shape->c + k / outputs * inputs + c) * shape->h + y) * shape->w + x;
            int64_t weight = (k * inputs + c) * kh * kw + t, dst = (n * shape->k + k) * oh * ow + o;
            if (mode == CHECK_FORWARD)
              out[dst] += (double)a[src] * b[weight];
            else if (mode == CHECK_BACKWARD_DATA)
              out[src] += (double)a[dst] * b[weight];
            else
              out[weight] += (double)a[src] * b[dst];
          }
}

void check_deconvolve(const check_shape *shape, const float *src, const float *weights, double *out) {
  int64_t oh = check_transposed_size(shape, 0), ow = check_transposed_size(shape, 1);
  int64_t kh = shape->kernel[0], kw = shape->kernel[1];
  int64_t inputs = shape->c / shape->groups, outputs = shape->k / shape->groups;
  memset(out, 0, (size_t)(shape->n * shape->k * oh * ow) * sizeof *out);
  for (int64_t n = 0; n < shape->n; n++)
    for (int64_t k = 0; k < shape->k; k++)
      for (int64_t c = 0; c < inputs; c++)
        for (int64_t i = 0; i < shape->h * shape->w; i++)
          for (int64_t t = 0; t < kh * kw; t++) {
            int64_t y = tap(shape, 0, i / shape->w, t / kw), x = tap(shape, 1, i % shape->w, t % kw);
            if (y < 0 || y >= oh || x < 0 || x >= ow)
              continue;
            int64_t channel = k / outputs * inputs + c;
            out[((n * shape->k + k) * oh + y) * ow + x] +=
                (double)src[(n * shape->c + channel) * shape->h * shape->w + i] *
                weights[(k * inputs + c) * kh * kw + t];
          }
}

void check_pool(const check_shape *shape, int algorithm, const float *src, double *dst, const float *diff_dst,
                double *diff_src) {
  int64_t oh = check_size(shape, 0), ow = check_size(shape, 1), area = shape->kernel[0] * shape->kernel[1];
  if (diff_src)
    memset(diff_src, 0, (size_t)(shape->n * shape->c * shape->h * shape->w) * sizeof *diff_src);
  for (int64_t plane = 0; plane < shape->n * shape->c; plane++)
    for (int64_t o = 0; o < oh * ow; o++) {
      int64_t seen[256], count = 0, best = 0;
      double sum = 0;
      for (int64_t t = 0; t < area; t++) {
        int64_t y = tap(shape, 0, o / ow, t / shape->kernel[1]), x = tap(shape, 1, o % ow, t % shape->kernel[1]);
        if (y < 0 || y >= shape->h || x < 0 || x >= shape->w)
          continue;
        seen[count] = (plane * shape->h + y) * shape->w + x;
        sum += src[seen[count]];
        if (src[seen[count]] > src[seen[best]])
          best = count;
        count++;
      }
      double divisor = (double)(algorithm == CDNN_AVERAGE ? count : area);
      dst[plane * oh * ow + o] = algorithm == CDNN_MAX ? src[seen[best]] : sum / divisor;
      if (!diff_src)
        continue;
      double slope = diff_dst[plane * oh * ow + o];
      if (algorithm == CDNN_MAX)
        diff_src[seen[best]] += slope;
      else
        for (int64_t i = 0; i < count; i++)
          diff_src[seen[i]] += slope / divisor;
    }
}

/* The two neighbours of result `o` along an axis and the second one's part, with pixels that have their centre at
 * one half. */
static void neighbours(int64_t o, int64_t from, int64_t to, int linear, int64_t at[2], double part[2]) {
  double x = ((double)o + 0.5) * (double)from / (double)to - 0.5;
  if (!linear) {
    at[0] = at[1] = (int64_t)floor(x + 0.5);
    part[0] = 1;
    part[1] = 0;
    return;
  }
  int64_t low = (int64_t)floor(x);
  part[1] = x - (double)low;
  part[0] = 1 - part[1];
  at[0] = low < 0 ? 0 : low;
  at[1] = low + 1 >= from ? from - 1 : low + 1;
}

void check_resample(const cdnn_tensor *src, const cdnn_tensor *dst, int linear, const float *values, int backward,
                    double *out) {
  int64_t h = src->dims[2], w = src->dims[3], oh = dst->dims[2], ow = dst->dims[3];
  memset(out, 0, (size_t)check_count(backward ? src : dst) * sizeof *out);
  for (int64_t plane = 0; plane < src->dims[0] * src->dims[1]; plane++)
    for (int64_t o = 0; o < oh * ow; o++) {
      int64_t ys[2], xs[2];
      double y_part[2], x_part[2];
      neighbours(o / ow, h, oh, linear, ys, y_part);
      neighbours(o % ow, w, ow, linear, xs, x_part);
      for (int i = 0; i < 4; i++) {
        int64_t from = (plane * h + ys[i / 2]) * w + xs[i % 2], to = plane * oh * ow + o;
        double part = y_part[i / 2] * x_part[i % 2];
        if (backward)
          out[from] += part * values[to];
        else
          out[to] += part * values[from];
      }
    }
}

double check_elementwise(int algorithm, double alpha, double beta, double x) {
  switch (algorithm) {
  case CDNN_RELU:
    return x > 0 ? x : alpha * x;
  case CDNN_TANH:
    return tanh(x);
  case CDNN_SIGMOID:
    return 1 / (1 + exp(-x));
  case CDNN_SILU:
    return x / (1 + exp(-alpha * x));
  case CDNN_GELU_ERF:
    return 0.5 * x * (1 + erf(x / sqrt(2)));
  case CDNN_GELU_TANH:
    return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case CDNN_HARDSWISH:
    return x * fmin(fmax(x / 6 + 0.5, 0), 1);
  case CDNN_CLIP:
    return fmin(fmax(x, alpha), beta);
  case CDNN_EXP:
    return exp(x);
  case CDNN_LOG:
    return log(x);
  case CDNN_SQRT:
    return sqrt(x);
  case CDNN_SQUARE:
    return x * x;
  case CDNN_ABS:
    return fabs(x);
  case CDNN_LINEAR:
    return alpha * x + beta;
  case CDNN_SOFTPLUS:
    return log1p(exp(x));
  default:
    return NAN;
  }
}

/* Central difference: exact enough in double precision, and it cannot share a mistake with a formula. */
double check_slope(int algorithm, double alpha, double beta, double x) {
  const double step = 1e-6;
  return (check_elementwise(algorithm, alpha, beta, x + step) - check_elementwise(algorithm, alpha, beta, x - step)) /
         (2 * step);
}

void check_posts(const cdnn_post *posts, int post_count, const float *before, double *values, int64_t count) {
  for (int i = 0; i < post_count; i++)
    for (int64_t at = 0; at < count; at++)
      values[at] = posts[i].kind == CDNN_POST_SUM
                       ? values[at] + (double)posts[i].alpha * before[at]
                       : check_elementwise(posts[i].algorithm, posts[i].alpha, posts[i].beta, values[at]);
}
