"""Transforms XML by a style sheet."""
from lxml import etree

SHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/list"><names><xsl:for-each select="item"><name><xsl:value-of select="@name"/></name></xsl:for-each></names></xsl:template>
</xsl:stylesheet>"""


def main():
    transform = etree.XSLT(etree.fromstring(SHEET))
    print(etree.tostring(transform(etree.fromstring("<list><item name='a'/><item name='b'/></list>"))).decode())
