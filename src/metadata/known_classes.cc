#include "src/metadata/known_classes.h"

#include <utility>

#include "src/base/text/parts.h"

namespace tempera::metadata {
namespace {

// PASCAL Visual Object Classes 2012 (Everingham et al. 2015), in the words of TensorFlow's files.
constexpr std::string_view kVoc =
    "background,aeroplane,bicycle,bird,boat,bottle,bus,car,cat,chair,cow,dining table,dog,horse,motorbike,"
    "person,potted plant,sheep,sofa,train,tv";
// The nineteen that are evaluated of Cityscapes (Cordts et al. 2016), by their training numbers.
constexpr std::string_view kCityscapes =
    "road,sidewalk,building,wall,fence,pole,traffic light,traffic sign,vegetation,terrain,sky,person,rider,"
    "car,truck,bus,train,motorcycle,bicycle";
// CamVid (Brostow et al. 2008) in the eleven classes of SegNet, and what has none behind them.
constexpr std::string_view kCamVid =
    "sky,building,pole,road,pavement,tree,sign,fence,car,pedestrian,bicyclist,unlabelled";
// ADE20K's scene parsing benchmark (Zhou et al. 2017).
constexpr std::string_view kAde20k =
    "wall,building,sky,floor,tree,ceiling,road,bed,windowpane,grass,cabinet,sidewalk,person,earth,door,table,"
    "mountain,plant,curtain,chair,car,water,painting,sofa,shelf,house,sea,mirror,rug,field,armchair,seat,"
    "fence,desk,rock,wardrobe,lamp,bathtub,railing,cushion,base,box,column,signboard,chest of drawers,"
    "counter,sand,sink,skyscraper,fireplace,refrigerator,grandstand,path,stairs,runway,case,pool table,"
    "pillow,screen door,stairway,river,bridge,bookcase,blind,coffee table,toilet,flower,book,hill,bench,"
    "countertop,stove,palm,kitchen island,computer,swivel chair,boat,bar,arcade machine,hovel,bus,towel,"
    "light,truck,tower,chandelier,awning,streetlight,booth,television receiver,airplane,dirt track,apparel,"
    "pole,land,bannister,escalator,ottoman,bottle,buffet,poster,stage,van,ship,fountain,conveyer belt,"
    "canopy,washer,plaything,swimming pool,stool,barrel,basket,waterfall,tent,bag,minibike,cradle,oven,ball,"
    "food,step,tank,trade name,microwave,pot,animal,bicycle,lake,dishwasher,screen,blanket,sculpture,hood,"
    "sconce,vase,traffic light,tray,ashcan,fan,pier,crt screen,plate,monitor,bulletin board,shower,radiator,"
    "glass,clock,flag";

std::vector<std::string> NamesOf(std::string_view list) {
  constexpr size_t kMost = 256;
  const std::vector<std::string_view> parts = SplitTrimmed(list, ',', kMost);
  return {parts.begin(), parts.end()};
}

}  // namespace

KnownClasses KnownClassesOf(int64_t count) {
  KnownClasses known;
  switch (count) {
    case 1:
      return {"", {"mask"}};
    case 2:
      return {"", {"background", "mask"}};
    case 11:
      known = {"CamVid", NamesOf(kCamVid)};
      known.names.pop_back();
      return known;
    case 12:
      return {"CamVid", NamesOf(kCamVid)};
    case 19:
      return {"Cityscapes", NamesOf(kCityscapes)};
    case 21:
      return {"PASCAL VOC", NamesOf(kVoc)};
    case 150:
      return {"ADE20K", NamesOf(kAde20k)};
    case 151:
      known = {"ADE20K", NamesOf(kAde20k)};
      known.names.insert(known.names.begin(), "background");
      return known;
    default:
      return known;
  }
}

std::string PlainClass(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

std::string SameClassAs(std::string_view name) {
  std::string plain = PlainClass(name);
  constexpr std::pair<std::string_view, std::string_view> kOthers[] = {
      {"tvmonitor", "tv"},        {"television", "tv"},        {"televisionreceiver", "tv"},
      {"airplane", "aeroplane"},  {"motorcycle", "motorbike"}, {"couch", "sofa"},
      {"pedestrian", "person"},   {"people", "person"},        {"human", "person"},
      {"unlabeled", "unlabelled"}};
  for (const auto& [other, same] : kOthers) {
    if (plain == other) return std::string(same);
  }
  return plain;
}

}  // namespace tempera::metadata
