#pragma once

#include <QString>
#include <QStringList>

namespace hadal {

class Settings;

/// What the administrator of this machine has decided: settings that are fixed for everybody on it.
///
/// Every *.json in the folder is one object of settings' keys and values, {"model.threads": 4}; files are read in the
/// order of their names and later ones win. A policy that cannot be understood fails closed: then every setting that a
/// policy may fix keeps its default and cannot be changed, until the policy is mended.
///
/// Files of the same form in a second folder recommend: their values are defaults that everybody may change. What of
/// them cannot be understood is told and has no effect.
namespace policy {

/// No command line and no environment leads elsewhere; only root can write there.
inline constexpr auto managedFolder = "/etc/opt/hadal/policies/managed";
inline constexpr auto recommendedFolder = "/etc/opt/hadal/policies/recommended";

/// Locks the settings. The sentences tell what of the policy could not be understood.
QStringList enforce(const QString& folder, Settings& settings);

/// Gives the settings their defaults. The sentences likewise.
QStringList recommend(const QString& folder, Settings& settings);

}  // namespace policy
}  // namespace hadal
