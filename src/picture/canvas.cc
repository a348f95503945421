#include "picture/canvas.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <string_view>

namespace convstep::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr const char* kDots = "...";

// Throws where Cairo has run out of memory: nothing else goes wrong in what is asked of it here.
cairo_t* new_context(int64_t height, int64_t width) {
  cairo_surface_t* surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height));
  cairo_t* context = cairo_create(surface);
  cairo_surface_destroy(surface);  // the context keeps it
  if (cairo_status(context) != CAIRO_STATUS_SUCCESS) {
    cairo_destroy(context);
    throw std::bad_alloc();
  }
  cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  return context;
}

void set_colour(cairo_t* context, const Colour& colour) {
  cairo_set_source_rgb(context, double{colour[0]}, double{colour[1]}, double{colour[2]});
}

// As an RGB24 surface has it: 0xRRGGBB.
uint32_t pixel_of(const Colour& colour) {
  uint32_t pixel = 0;
  for (const float channel : colour) pixel = pixel << 8 | static_cast<uint32_t>(std::lround(channel * 255));
  return pixel;
}

// The bytes of the UTF-8 character that the text begins with; 0 where it begins with none that can be shown.
size_t first_character(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = byte(0) < 0x80 ? 1 : byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (length > text.size()) return 0;
  if (length == 1) return byte(0) < 0x20 || byte(0) == 0x7F ? 0 : 1;
  uint32_t code = byte(0) & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0xA0, 0x800, 0x10000};  // below U+00A0 there are controls
  const bool is_surrogate = code >= 0xD800 && code < 0xE000;
  return byte(0) >= 0xC2 && byte(0) < 0xF5 && code >= kLeast[length] && code <= 0x10FFFF && !is_surrogate ? length : 0;
}

}  // namespace

int64_t text_width(const std::string& text, const TextStyle& style) {
  static cairo_t* const context = new_context(1, 1);  // pictures are drawn on one thread
  cairo_set_font_size(context, static_cast<double>(style.size));
  cairo_text_extents_t extents;
  cairo_text_extents(context, text.c_str(), &extents);
  return static_cast<int64_t>(std::ceil(extents.x_advance));
}

std::string fit_text(const std::string& text, int64_t width, const TextStyle& style) {
  std::string fitted, with_dots = kDots;
  for (std::string_view left = text; !left.empty();) {
    const size_t length = first_character(left);
    fitted += length > 0 ? left.substr(0, length) : kReplacement;
    left.remove_prefix(std::max<size_t>(length, 1));
    const std::string longer = fitted + kDots;
    if (text_width(longer, style) <= width) {
      with_dots = longer;
    } else if (text_width(fitted, style) > width) {
      return with_dots;
    }
  }
  return fitted;
}

Canvas::Canvas(int64_t height, int64_t width) : height_(height), width_(width), context_(new_context(height, width)) {
  fill({0, 0, height, width}, kWhite);
}

void Canvas::Destroy::operator()(cairo_t* context) const { cairo_destroy(context); }

uint32_t* Canvas::row(int64_t y) const {
  cairo_surface_t* surface = cairo_get_target(context_.get());
  unsigned char* pixels = cairo_image_surface_get_data(surface);
  return reinterpret_cast<uint32_t*>(pixels + y * cairo_image_surface_get_stride(surface));
}

void Canvas::fill(const Box& box, const Colour& colour) {
  const int64_t top = std::max<int64_t>(box.top, 0), bottom = std::min(box.top + box.height, height_);
  const int64_t left = std::max<int64_t>(box.left, 0), right = std::min(box.left + box.width, width_);
  if (left >= right) return;
  cairo_surface_t* surface = cairo_get_target(context_.get());
  cairo_surface_flush(surface);
  for (int64_t y = top; y < bottom; ++y) std::fill(row(y) + left, row(y) + right, pixel_of(colour));
  cairo_surface_mark_dirty(surface);
}

void Canvas::write(const std::string& text, int64_t top, int64_t left, const TextStyle& style) {
  set_colour(context_.get(), style.colour);
  cairo_set_font_size(context_.get(), static_cast<double>(style.size));
  cairo_font_extents_t font;
  cairo_font_extents(context_.get(), &font);
  const double space = static_cast<double>(style.line_height()) - font.ascent - font.descent;
  cairo_move_to(context_.get(), static_cast<double>(left), static_cast<double>(top) + font.ascent + space / 2);
  cairo_show_text(context_.get(), text.c_str());
}

Tensor<float, 4> Canvas::picture() const {
  cairo_surface_t* surface = cairo_get_target(context_.get());
  cairo_surface_flush(surface);
  auto picture = Tensor<float, 4>::uninitialized({1, height_, width_, 3});
  for (int64_t y = 0; y < height_; ++y) {
    const uint32_t* pixels = row(y);
    for (int64_t x = 0; x < width_; ++x) {
      for (int c = 0; c < 3; ++c) picture(0, y, x, c) = static_cast<float>(pixels[x] >> (16 - 8 * c) & 0xFF) / 255;
    }
  }
  return picture;
}

}  // namespace convstep::cli
